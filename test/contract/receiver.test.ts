import { embeddedReceiver } from '../../src/delivery/embedded-receiver.js'
import { httpReceiver } from '../../src/delivery/http-receiver.js'
import { testReceiver } from '../helpers/receivers.js'
import { testServer } from '../helpers/servers.js'
import { receiverContract } from './receiver-contract.js'

receiverContract('the embedded receiver', async () => {
  const behind = await testReceiver()
  return { behind, connect: (workspace) => embeddedReceiver(behind.engine, workspace, 'project', behind.data) }
})

const options = { collectionName: 'project', idleTimeout: 10_000, userAgent: 'test' }

receiverContract('the receiver over HTTP', async () => {
  const behind = await testServer()
  return {
    behind,
    connect: (workspacePath) => httpReceiver({ ...options, endpoint: behind.url, token: null, workspacePath }),
  }
})

receiverContract('the receiver over HTTP, behind a token', async () => {
  const token = 'a secret'
  const behind = await testServer({ token })
  return {
    behind,
    connect: (workspacePath) => httpReceiver({ ...options, endpoint: behind.url, token, workspacePath }),
  }
})
