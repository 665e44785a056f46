import { Agent, type AgentOptions } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { ProxyServer } from './proxy-settings.js'

/** Which certificates count besides the usual ones, and which one we show; all as PEM. */
export interface TlsMaterial {
  /** Every authority that counts; left out, those that Node knows. */
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
}

/** How an endpoint is reached. */
export interface Connection {
  /** For people, without its credentials; null: there is none in between. */
  readonly proxy: string | null
  /** An agent that keeps one connection for all its requests, or one that has a connection for each. */
  agent(keepsConnection: boolean): Agent
}

/** Straight to an endpoint. Certificates are verified, whatever `NODE_TLS_REJECT_UNAUTHORIZED` says (faults.md row 73). */
export function directConnection(endpoint: string, tls: TlsMaterial = {}): Connection {
  const isTls = endpoint.startsWith('https:')
  return {
    proxy: null,
    agent: (keepsConnection) => {
      const options = agentOptions(keepsConnection)
      return isTls ? new HttpsAgent({ ...options, ...verified(tls) }) : new Agent(options)
    },
  }
}

/** To an endpoint by way of a proxy. What speaks to proxies is loaded only here. */
export async function proxiedConnection(endpoint: string, proxy: ProxyServer, tls: TlsMaterial): Promise<Connection> {
  const { proxyAgent } = await import('./proxy-agent.js')
  const isTls = endpoint.startsWith('https:')
  return {
    proxy: proxy.address,
    agent: (keepsConnection) => proxyAgent(isTls, proxy, agentOptions(keepsConnection), verified(tls)),
  }
}

/**
 * One connection for everything: where several processes answer, the same one tells whether it has applied a bundle. A
 * second one is made only for an upload that begins before the last one is answered.
 */
function agentOptions(keepsConnection: boolean): AgentOptions {
  return keepsConnection ? { keepAlive: true, maxSockets: 2 } : { keepAlive: false }
}

function verified({ ca, ...own }: TlsMaterial) {
  return { ...own, ...(ca === undefined ? {} : { ca: [...ca] }), rejectUnauthorized: true }
}

export type VerifiedTls = ReturnType<typeof verified>
