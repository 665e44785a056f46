import type { Agent, AgentOptions, ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import { HttpProxyAgent } from 'http-proxy-agent'
import { HttpsProxyAgent } from 'https-proxy-agent'
import type { VerifiedTls } from './connection.js'
import type { ProxyServer } from './proxy-settings.js'

/** An agent that goes by way of a proxy: through a tunnel to an `https:` endpoint, else by asking it for the address. */
export function proxyAgent(isTunnel: boolean, proxy: ProxyServer, options: AgentOptions, tls: VerifiedTls): Agent {
  // Not in the address: the library shows that to whoever sets DEBUG.
  const headers = proxy.authorization === null ? {} : { 'Proxy-Authorization': proxy.authorization }
  const { cert: _, key: __, ...toProxy } = tls
  const all = { ...options, ...toProxy, headers }
  return isTunnel ? new TunnelAgent(proxy.address, all, tls) : new HttpProxyAgent(proxy.address, all)
}

/** What the proxy said instead of connecting. The code is all that node-fetch keeps of an error. */
class ProxyRefusal extends Error {
  readonly code: string

  constructor(status: number) {
    super(`the proxy answered ${status}`)
    this.code = `PROXY_${status}`
  }
}

type Options = ConstructorParameters<typeof HttpsProxyAgent<string>>[1]
type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1]

/**
 * The library applies the options of TLS to the way to the proxy only, and passes a refusal of the proxy on as if the
 * endpoint had answered so.
 */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #tls: VerifiedTls

  constructor(proxy: string, options: Options, tls: VerifiedTls) {
    super(proxy, options)
    this.#tls = tls
  }

  override async connect(request: ClientRequest, options: ConnectOptions): Promise<Socket> {
    let status = 200
    request.once('proxyConnect', (answer: { readonly statusCode: number }) => {
      status = answer.statusCode
    })
    const socket = await super.connect(request, options.secureEndpoint ? { ...options, ...this.#tls } : options)
    if (status === 200) return socket
    socket.destroy()
    throw new ProxyRefusal(status)
  }
}
