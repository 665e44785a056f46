import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { PROJECT, readAction } from '../helpers/action.js'

/** Every value of a key, however deep it stands. */
function valuesOf(key: string, node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, value]) => [...(name === key ? [value] : []), ...valuesOf(key, value)])
}

const WORKFLOWS = join(PROJECT, '.github/workflows')

describe('action.yml', () => {
  test('has the inputs and outputs that are promised, each with a description', async () => {
    const { inputs, outputs, runs } = await readAction()
    const promised = ['endpoint', 'token', 'collection', 'working-directory', 'commit', 'base', 'full', 'fail-on']
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining([...promised, 'version']))
    const told = ['outcome', 'sequence', 'tree', 'bundle-ids', 'created', 'bytes', 'skipped', 'reason', 'base']
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(told))
    expect(valuesOf('description', { inputs, outputs }).every((text) => String(text).length > 10)).toBe(true)
    expect(runs.using).toBe('composite')
  })

  test('every input is used, and docs/ci.md tells of each', async () => {
    const { inputs, outputs, runs } = await readAction()
    const steps = JSON.stringify(runs)
    const docs = await readFile(join(PROJECT, 'docs/ci.md'), 'utf8')
    for (const name of Object.keys(inputs)) expect(steps).toContain(`inputs.${name} }}`)
    for (const name of [...Object.keys(inputs), ...Object.keys(outputs)]) expect(docs).toContain(`\`${name}\``)
  })
})

describe('every workflow, and the action', () => {
  test('no expression stands in a script, every action is pinned, and every job may do as little as possible', async () => {
    const names = await readdir(WORKFLOWS)
    const texts = await Promise.all(names.map(async (name) => await readFile(join(WORKFLOWS, name), 'utf8')))
    const workflows = texts.map((text): unknown => parse(text))
    const all = [...workflows, await readAction()]
    for (const script of valuesOf('run', all)) expect(String(script)).not.toContain('${' + '{')
    for (const used of valuesOf('uses', all)) {
      expect(String(used)).toMatch(/^(\.\/|ce-delta\/ce-delta@v\d|[\w./-]+@[0-9a-f]{40}$)/)
    }
    for (const workflow of workflows) expect(valuesOf('permissions', workflow)).toEqual([{ contents: 'read' }])
    expect(texts.join('\n')).not.toMatch(/fetch-depth|--depth/)
  })
})
