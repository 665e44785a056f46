import { once } from 'node:events'
import { createServer, request } from 'node:http'

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08])

/** Stands before a receiver, passes everything on, and keeps the bundles that were uploaded. */
export async function startRecorder(target) {
  const bundles = []
  const server = createServer((incoming, outgoing) => {
    const chunks = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      if (incoming.method === 'POST') bundles.push(bundleIn(body, incoming.headers['content-type']))
      passOn(target, incoming, body, outgoing)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    bundles,
    endpoint: ['--endpoint', `http://127.0.0.1:${server.address().port}`],
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function passOn(target, { method, url, headers }, body, outgoing) {
  const { 'transfer-encoding': _, ...kept } = headers
  const onward = request(new URL(url, target), { method, headers: { ...kept, 'content-length': body.length } })
  onward.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  onward.end(body)
}

/** The part of a form that is a gzip file: from its first bytes to the boundary after it. */
function bundleIn(form, contentType) {
  const boundary = /boundary="?([^";]+)/.exec(contentType)[1]
  const start = form.indexOf(GZIP_MAGIC)
  return form.subarray(start, form.indexOf(`\r\n--${boundary}`, start))
}
