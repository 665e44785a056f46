import { describe, expect, test } from '@jest/globals'
import type { Printer } from '../../src/cli/print.js'
import { WatchRenderer } from '../../src/cli/render-watch.js'
import { StatusLine } from '../../src/cli/status-line.js'
import type { PushReport } from '../../src/report/report.js'
import type { WatchEvent, WatchState } from '../../src/triggers/watch/events.js'
import { counts } from '../helpers/command.js'

const TREE = 'a'.repeat(40)

function report(outcome: PushReport['outcome'], sequence: number, skipped: PushReport['skipped'] = []): PushReport {
  return {
    event: 'report',
    outcome,
    workspace: '/work',
    receiver: 'http://127.0.0.1:8080',
    sequence,
    tree: TREE,
    receiver_tree: TREE,
    commit: null,
    operations: outcome === 'confirmed' ? counts(0, 2) : counts(0),
    bundles: outcome === 'confirmed' ? [{ id: 'x', sequence, bytes: 1200 }] : [],
    skipped,
    mirror: '/mirror',
    error: null,
    duration_ms: 180,
  }
}

const state = (name: WatchState, pending = false): WatchEvent => ({ event: 'state', state: name, pending })

const DOWN: WatchEvent = {
  event: 'trouble',
  error: { code: 'receiver-unreachable', message: 'It cannot be reached.', next: 'Start it.', facts: {} },
}

const BACK: WatchEvent = { event: 'recovered', code: 'receiver-unreachable', duration_ms: 7_260_000 }

/** What a log has after these events, without the times. */
function logOf(...events: readonly WatchEvent[]): string[] {
  const lines: string[] = []
  const printer: Printer = {
    event: () => undefined,
    answer: () => undefined,
    detail: () => undefined,
    note: (line) => void lines.push(line),
  }
  const renderer = new WatchRenderer(printer, null)
  for (const event of events) renderer.event(event)
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))
}

/** What stands on a terminal after these events: the lines that stay, and the living one. */
function screenOf(columns: number, ...events: readonly WatchEvent[]): string[] {
  let written = ''
  const printer: Printer = {
    event: () => undefined,
    answer: () => undefined,
    detail: () => undefined,
    note: (line) => {
      written += `${line}\n`
    },
  }
  const line = new StatusLine(
    (text) => {
      written += text
    },
    () => columns,
  )
  const renderer = new WatchRenderer(printer, line)
  for (const event of events) renderer.event(event)
  return written.split('\n').map((text) => (text.split('\r\u001b[2K').at(-1) ?? '').replace(/\d\d:\d\d:\d\d/, 'now'))
}

const START: readonly WatchEvent[] = [
  state('pushing'),
  report('unchanged', 7),
  { event: 'watching', root: '/work', pid: 1, sight: { by: 'events' } },
  state('equal'),
]

describe('a watch in a log', () => {
  test('has a line for the start and for each push that sent something', () => {
    const looked = report('unchanged', 8)
    expect(logOf(...START, report('confirmed', 8), state('equal'), looked, state('equal'))).toEqual([
      '✓ equal → sequence 7, proven · 180 ms',
      'watching /work',
      '✓ 2 updated → sequence 8, proven · 1.2 kB, 180 ms',
    ])
  })

  test('has a line for a trouble, with what to do, and one when it is over', () => {
    expect(logOf(DOWN, state('retrying', true), BACK)).toEqual([
      '✗ It cannot be reached.',
      '  Start it.',
      '✓ it works again, after 2 h 1 min',
    ])
  })

  test('names files that could not be read once, until they are others', () => {
    const unreadable = (path: string) => report('confirmed', 8, [{ path, reason: 'unreadable' }])
    const lines = logOf(unreadable('a'), unreadable('a'), unreadable('b\u001b[2J'))
    expect(lines.filter((line) => line.startsWith('!'))).toEqual(['! a: unreadable', '! b\\u001b[2J: unreadable'])
  })

  test('says at its end what is pending', () => {
    expect(logOf({ event: 'watch-ended', pending: false, last_push: null })).toEqual(['ended; nothing is pending'])
    expect(logOf({ event: 'watch-ended', pending: true, last_push: null })[0]).toContain('something is pending')
  })

  test('says why it polls', () => {
    const sight = { by: 'polling', reason: 'a limit. Raise it.' } as const
    expect(logOf({ event: 'watching', root: '/work', pid: 1, sight })).toEqual(['polling: a limit. Raise it.'])
  })
})

describe('a watch on a terminal', () => {
  test('is one line, which says how it is', () => {
    expect(screenOf(80, ...START)).toEqual(['mirror: /mirror', '● equal · sequence 7'])
    expect(screenOf(80, ...START, state('changed', true), state('pushing', true)).at(-1)).toMatch(/^… pushing/)
    expect(screenOf(80, ...START, report('confirmed', 8), state('equal')).at(-1)).toBe(
      '● equal · sequence 8 · last push now: 2 updated',
    )
    expect(screenOf(80, ...START, state('paused', true)).at(-1)).toMatch(/^‖ paused · something is pending/)
  })

  test('keeps what must not be missed above it', () => {
    expect(screenOf(80, ...START, DOWN, state('retrying', true), BACK, state('equal')).slice(1)).toEqual([
      '✗ It cannot be reached.',
      '  Start it.',
      '✓ it works again, after 2 h 1 min',
      '● equal · sequence 7',
    ])
  })

  test('stays one line where the terminal is narrow', () => {
    expect(screenOf(16, ...START).at(-1)).toBe('● equal · sequ…')
  })

  test('leaves the words of its end, and no rest of the line', () => {
    expect(screenOf(80, ...START, { event: 'watch-ended', pending: false, last_push: null }).slice(1)).toEqual([
      'ended; nothing is pending',
      '',
    ])
  })
})
