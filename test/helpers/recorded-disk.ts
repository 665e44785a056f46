import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { type DiskStep, readDiskTrace, traced } from './disk-trace.js'
import { Disk, type Remains, remainsOf } from './power-loss.js'
import { temporaryDirectory } from './workspace.js'

/** What folders held before a command ran, and what it did to them, step by step. `cwd` is where the command begins. */
export async function recorded(
  folders: readonly string[],
  cwd: string,
  run: (wrapper: readonly string[]) => Promise<void>,
): Promise<{ readonly disk: Disk; readonly steps: readonly DiskStep[] }> {
  const [disk, record] = [await Disk.of(folders), await Disk.of(folders)]
  const trace = join(await temporaryDirectory(), 'trace')
  await run(traced(trace))
  const steps = await readDiskTrace(trace, cwd)
  for (const step of steps) record.apply(step)
  // The record is worth something only where it is all that happened.
  for (const [folder, remains] of record.whole())
    expect(comparable(remains)).toEqual(comparable(await remainsOf(folder)))
  return { disk, steps }
}

function comparable(remains: Remains): [string, string][] {
  return [...remains]
    .map(([path, content]): [string, string] => [path, content === null ? 'folder' : content.toString('base64')])
    .sort(([left], [right]) => (left < right ? -1 : 1))
}

/** The machine was started again: what a receiver notes of its start is of an earlier one. */
export async function startMachineAgain(data: string): Promise<void> {
  const workspaces = join(data, 'workspaces')
  for (const name of await readdir(workspaces).catch((): string[] => [])) {
    const notes = await readdir(join(workspaces, name)).catch((): string[] => [])
    if (!notes.includes('mirror-exact')) continue
    const note = join(workspaces, name, 'mirror-exact')
    const [commit = ''] = (await readFile(note, 'utf8')).split('\n')
    await writeFile(note, `${commit}\nbefore\n`)
  }
}
