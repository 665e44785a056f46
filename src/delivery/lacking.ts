import { createHash } from 'node:crypto'
import type { BlobId, ContentOperation, Delta } from '../delta/operation.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeAfter } from '../snapshot/trees.js'
import { readBlobs } from '../support/git-objects.js'
import type { SynchroniseJob } from './job.js'
import { withRetry } from './retry.js'

/** Files in one question. */
const FILES_AT_A_TIME = 2000

export interface WhatIsSent {
  readonly delta: Delta
  /** Every file is written, whatever the server believes to have. */
  readonly isForced: boolean
}

/** A resync writes every file; but where the configuration says so, it leaves out what the server says it has. */
export async function whatIsSent(job: SynchroniseJob, delta: Delta, isResync: boolean): Promise<WhatIsSent> {
  const isCompared = isResync && job.options.recovery === 'compare' && !job.options.full
  const lacking = isCompared ? await whatItLacks(job, delta) : null
  return lacking === null ? { delta, isForced: isResync } : { delta: lacking, isForced: false }
}

/**
 * A delta that sends everything, without what the receiver says it has; it begins at a tree that has these files already.
 * Null where the receiver cannot be asked.
 */
async function whatItLacks(job: SynchroniseJob, delta: Delta): Promise<Delta | null> {
  const { shadow, receiver, context } = job
  const contents = delta.operations.filter((operation) => operation.kind !== 'deleted')
  const hashes = await contentHashes(shadow, contents)
  const had: ContentOperation[] = []
  for (let at = 0; at < contents.length; at += FILES_AT_A_TIME) {
    const asked = contents.slice(at, at + FILES_AT_A_TIME)
    const files = asked.map(({ path, blob }) => ({ path, contentHash: hashes.get(blob) ?? '' }))
    const lacking = await withRetry(context.policy, context, () => receiver.lacking(files, context.signal))
    if (lacking === null) return null
    had.push(...asked.filter(({ path }) => !lacking.has(path)))
  }
  context.onNotice(`It was asked what it lacks: ${contents.length - had.length} of ${contents.length} files.`)
  const kept = new Set(had.map(({ path }) => path))
  const operations = delta.operations.filter(({ path }) => !kept.has(path))
  return { base: await treeAfter(shadow, delta.base, had), target: delta.target, operations }
}

async function contentHashes(shadow: Shadow, contents: readonly ContentOperation[]): Promise<Map<BlobId, string>> {
  const blobs = [...new Set(contents.map(({ blob }) => blob))]
  const hashes = new Map<BlobId, string>()
  let digest = createHash('sha1')
  for await (const pieces of readBlobs(shadow.repository, blobs)) {
    for (const { index, bytes, last } of pieces) {
      digest.update(bytes)
      const blob = blobs[index]
      if (!last || blob === undefined) continue
      hashes.set(blob, `sha1:${digest.digest('hex')}`)
      digest = createHash('sha1')
    }
  }
  return hashes
}
