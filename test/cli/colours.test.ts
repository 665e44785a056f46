import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Printer } from '../../src/cli/print.js'
import { renderReport } from '../../src/cli/render.js'
import { renderCheck } from '../../src/cli/render-check.js'
import { renderStatus } from '../../src/cli/render-status.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import { failedReport } from '../../src/report/report.js'
import { DeltaError } from '../../src/support/errors.js'

const STREAMS = [process.stdout, process.stderr] as const
const before = { streams: STREAMS.map(({ isTTY }) => isTTY), environment: { ...process.env } }

/** `ce-delta status > file`, typed on a terminal: only what is about the answer is seen there. */
beforeEach(() => {
  process.stdout.isTTY = false
  process.stderr.isTTY = true
  process.env.TERM = 'xterm'
  delete process.env.NO_COLOR
  delete process.env.FORCE_COLOR
})

afterEach(() => {
  for (const [at, stream] of STREAMS.entries()) stream.isTTY = before.streams[at] ?? false
  process.env = { ...before.environment }
})

function answersOf(render: (printer: Printer) => void): string {
  const lines: string[] = []
  const ignore = (): void => undefined
  render({ event: ignore, note: ignore, detail: ignore, answer: (line) => lines.push(line) })
  return lines.join('\n')
}

const error = { code: 'not-confirmed', message: 'No answer.', next: 'Wait.', facts: {} } as const
const check = { name: 'git', level: 'fail', message: 'none', fix: 'Install it.', code: null } as const
const report = failedReport({ workspace: '/w', receiver: 'r', error: new DeltaError('internal', 'x'), duration: 1 })
const dryRun = { ...report, outcome: 'dry-run', skipped: [{ path: 'a', reason: 'binary' }] } as const

const status = {
  event: 'status',
  workspace: '/w',
  collection: 'c',
  receiver: 'r',
  is_pinned: false,
  login: null,
  here: null,
  there: {
    sequence: 0,
    tree: null,
    last_upload: null,
    pending_operations: null,
    mirror: null,
    dialect: null,
    dialect_summary: null,
    identified_by: null,
    error,
  },
  confirmed: null,
  pending: { operations: NO_OPERATIONS, bundles: 0, bytes: 0, attempted: false },
  background_failure: { at: '2025-02-01T00:00:00Z', ...error },
  equal: 'no',
} as const

describe('an answer that goes into a file has no colours, whatever the terminal beside it shows', () => {
  test.each<[string, (printer: Printer) => void]>([
    ['status', (printer) => renderStatus(printer, status)],
    ['doctor', (printer) => renderCheck(printer, check)],
    ['push --dry-run', (printer) => renderReport(printer, dryRun)],
  ])('%s', (_, render) => {
    const answers = answersOf(render)
    expect(answers).not.toBe('')
    expect(answers).not.toContain('\u001b')
    process.stdout.isTTY = true
    expect(answersOf(render)).toContain('\u001b')
  })
})
