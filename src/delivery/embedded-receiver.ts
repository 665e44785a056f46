import { createHash } from 'node:crypto'
import type { ReceiverEngine, WorkspaceStatus } from '../receiver/engine.js'
import { DeltaError } from '../support/errors.js'
import { DIALECTS } from './dialects/dialect.js'
import type { Receiver } from './receiver.js'

/** The receiver in this very process: local mode, no server at all. */
export function embeddedReceiver(
  engine: ReceiverEngine,
  workspacePath: string,
  collectionName: string,
  place: string,
): Receiver {
  return {
    name: `embedded receiver in ${place}`,
    key: receiverKey(`embedded:${place}`, workspacePath),
    async status() {
      const status = await statusWithMirror(engine, workspacePath)
      return {
        sequence: status.sequence,
        tree: status.tree,
        lastBundleId: status.lastBundleId,
        lastUpload: status.lastUpload,
        pendingOperations: status.pendingOperations,
        isProcessing: false,
        maxBundleBytes: engine.limits.compressedBytes,
        canListTree: true,
        movesWithoutContent: true,
        takesUploadsEarly: false,
        mirror: status.mirror,
        lastUploadState: undefined,
        dialect: DIALECTS['ce-delta'],
        hasSeveralCounters: false,
      }
    },
    async upload(upload) {
      try {
        const { sequence, path, digest, bytes, moreFollow } = upload
        const answer = await engine.apply({
          path,
          digest,
          bytes,
          workspacePath,
          collectionName,
          sequence,
          force: false,
          moreFollow: moreFollow === true,
        })
        return {
          kind: 'applied',
          sequence: answer.sequence,
          tree: answer.tree,
          operations: answer.operations,
          mirror: answer.mirror,
        }
      } catch (thrown) {
        if (!(thrown instanceof DeltaError)) throw thrown
        if (thrown.code === 'proof-failed') return { kind: 'tree mismatch' }
        if (thrown.code !== 'conflict') throw thrown
        const { expected } = thrown.facts
        return { kind: 'sequence mismatch', expected: typeof expected === 'number' ? expected : null }
      }
    },
    async listTree() {
      return [...(await engine.list(workspacePath)).files]
    },
    lacking: async () => null,
    async counters() {
      return { sequences: [(await engine.status(workspacePath)).sequence], areSeveral: false }
    },
    forget: async () => undefined,
  }
}

/**
 * A server makes its mirrors exact when it starts. This receiver never starts, so what a killed push left half done, or
 * a power loss took away, is mended when it is next asked.
 */
async function statusWithMirror(engine: ReceiverEngine, workspacePath: string): Promise<WorkspaceStatus> {
  const status = await engine.status(workspacePath)
  if (!status.isMirrorBehind) return status
  await engine.catchUp(workspacePath)
  return await engine.status(workspacePath)
}

/** Names a receiver and a workspace in references and folders. */
export function receiverKey(receiver: string, workspacePath: string): string {
  return createHash('sha256')
    .update(JSON.stringify([receiver, workspacePath]))
    .digest('hex')
    .slice(0, 16)
}
