// Loaded into the real command with `node --import`: counts the steps that change a disk or start a process, and at
// one of them kills the process, as SIGKILL from outside would, or lets an fsync fail. Deterministic, because it counts
// steps of this process and not time. Nothing of it is in the published package.

import childProcess from 'node:child_process'
import { appendFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const plan = JSON.parse(process.env.FAULT_PLAN ?? '{}')
let steps = 0

function step(name, detail) {
  if (plan.only !== undefined && plan.only !== name) return false
  steps++
  if (plan.journal !== undefined) appendFileSync(plan.journal, `${name} ${detail}\n`)
  if (plan.killAt === steps) process.kill(process.pid, 'SIGKILL')
  return plan.failAt === steps
}

function ioError() {
  return Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', errno: -5, syscall: 'fsync' })
}

for (const name of ['rename', 'link', 'unlink', 'rm', 'mkdir', 'writeFile']) {
  const real = fs[name]
  fs[name] = async (...args) => {
    step(name, String(args[0]))
    return await real(...args)
  }
}

const open = fs.open
fs.open = async (path, flags, ...rest) => {
  if (typeof flags === 'string' && /[wa]/.test(flags)) step('open', String(path))
  return await open(path, flags, ...rest)
}

const probe = await open('/dev/null', 'r')
const FileHandle = Object.getPrototypeOf(probe)
await probe.close()
for (const name of ['sync', 'writeFile', 'write']) {
  const real = FileHandle[name]
  FileHandle[name] = async function (...args) {
    if (step(name === 'sync' ? 'fsync' : `handle.${name}`, '')) throw ioError()
    return await real.apply(this, args)
  }
}

const spawn = childProcess.spawn
childProcess.spawn = (...args) => {
  const words = args[1]?.filter((word, at, all) => word !== '-c' && all[at - 1] !== '-c').slice(0, 2) ?? []
  const child = spawn(...args)
  // The process that was just started outlives the one that is killed here.
  step('spawn', words.join(' '))
  return child
}

syncBuiltinESMExports()
