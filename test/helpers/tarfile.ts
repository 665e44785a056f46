import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A member as Python's `tarfile` or ours reads it: its name, and its content as hexadecimal digits. */
export type ReadMember = readonly [name: string, content: string]

const SCRIPT = `
import json, sys, tarfile
def read(path):
    try:
        with tarfile.open(path, 'r:gz', errorlevel=2) as archive:
            return [[m.name, archive.extractfile(m).read().hex()] for m in archive if m.isfile()]
    except Exception as problem:
        return type(problem).__name__
print(json.dumps([read(path) for path in sys.argv[1:]]))
`

/** What Python's tarfile reads in each of these archives: the plain files, or the name of its complaint. */
export async function readWithPython(paths: readonly string[]): Promise<(ReadMember[] | string)[]> {
  const { stdout } = await promisify(execFile)('python3', ['-c', SCRIPT, ...paths], { maxBuffer: 2 ** 30 })
  const answers: unknown = JSON.parse(stdout)
  if (!Array.isArray(answers)) throw new Error('python3 gave no list')
  return answers.map((answer: unknown) => (typeof answer === 'string' ? answer : membersOf(answer)))
}

function membersOf(answer: unknown): ReadMember[] {
  if (!Array.isArray(answer)) throw new Error('python3 gave no members')
  return answers(answer)
}

function answers(list: readonly unknown[]): ReadMember[] {
  return list.map((entry) => {
    const [name, content]: unknown[] = Array.isArray(entry) ? entry : []
    if (typeof name !== 'string' || typeof content !== 'string') throw new Error('python3 gave no member')
    return [name, content]
  })
}
