import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { STATUS_PATH, TREE_PATH, UPLOAD_PATH } from '../receiver/wire.js'
import { DeltaError } from '../support/errors.js'
import type { TreeFile } from '../support/git-objects.js'
import { receiverKey } from './embedded-receiver.js'
import { parseListing, parseStatus, parseUploadAnswer } from './http-answers.js'
import { exchange, type HttpOptions } from './http-exchange.js'
import type { Receiver, Upload } from './receiver.js'

export interface HttpReceiverOptions extends HttpOptions {
  /** Without a slash at the end. */
  readonly endpoint: string
  readonly workspacePath: string
  readonly collectionName: string
}

const MEGABYTE = 1 << 20

/** A receiver that speaks the specified API over HTTP. */
export function httpReceiver(options: HttpReceiverOptions): Receiver {
  const { endpoint, workspacePath } = options
  const query = `?workspace_path=${encodeURIComponent(workspacePath)}`
  return {
    name: endpoint,
    key: receiverKey(endpoint, workspacePath),
    async status(signal) {
      const answer = await exchange(
        { method: 'GET', url: `${endpoint}${STATUS_PATH}${query}`, longestAnswer: MEGABYTE },
        options,
        signal,
      )
      return parseStatus(answer)
    },
    async upload(upload, signal) {
      const form = multipart(options, upload)
      const request = { method: 'POST', url: `${endpoint}${UPLOAD_PATH}`, longestAnswer: MEGABYTE, ...form } as const
      return parseUploadAnswer(await exchange(request, options, signal), upload)
    },
    async listTree(signal): Promise<TreeFile[]> {
      const url = `${endpoint}${TREE_PATH}${query}`
      return parseListing(await exchange({ method: 'GET', url, longestAnswer: 512 * MEGABYTE }, options, signal))
    },
  }
}

/**
 * The form of an upload, streamed from disk with a known length. The boundary is random, so no content can end a part
 * (faults.md §4.1).
 */
function multipart(options: HttpReceiverOptions, upload: Upload) {
  const boundary = `ce-delta-${randomUUID()}`
  const field = (name: string, value: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const head = Buffer.from(
    field('workspace_path', options.workspacePath) +
      field('collection_name', options.collectionName) +
      field('sequence_number', String(upload.sequence)) +
      `--${boundary}\r\nContent-Disposition: form-data; name="bundle"; filename="${upload.bundleId}.tar.gz"\r\n` +
      'Content-Type: application/gzip\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const body = async function* (): AsyncGenerator<Buffer> {
    yield head
    let sent = 0
    for await (const chunk of createReadStream(upload.path, { highWaterMark: 1 << 18 })) {
      sent += chunk.length
      yield chunk
    }
    if (sent !== upload.bytes) throw new DeltaError('disk-failed', 'The bundle changed while it was sent.')
    yield tail
  }
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + upload.bytes + tail.length),
    },
    body: () => Readable.from(body(), { objectMode: false, highWaterMark: 1 << 18 }),
  }
}
