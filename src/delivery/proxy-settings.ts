import { BlockList, isIP } from 'node:net'
import { isLoopback } from '../receiver/authorisation.js'
import { DeltaError } from '../support/errors.js'
import { withoutCredentials } from '../support/text.js'

export interface ProxyServer {
  /** Without credentials; it may be shown. */
  readonly address: string
  /** `Proxy-Authorization`; null where the address has no credentials. */
  readonly authorization: string | null
}

/**
 * The proxy that the environment names for an endpoint, by the rules that curl and git follow: `https_proxy`, `http_proxy`,
 * `all_proxy`, in small letters first, and `no_proxy`. Nothing on this machine is ever asked for by way of a proxy: the
 * credential would leave it. Throws `configuration-invalid`.
 */
export function proxyFor(endpoint: string, environment: NodeJS.ProcessEnv): ProxyServer | null {
  const { protocol, hostname, port } = new URL(endpoint)
  const address = { host: bareHost(hostname), port: port || (protocol === 'https:' ? '443' : '80') }
  if (isLoopback(address.host) || isExempt(address, variable('no_proxy', environment) ?? '')) return null
  const scheme = protocol.slice(0, -1)
  // In a CGI, as behind a git server, HTTP_PROXY is a header that whoever asks has set.
  const isForged = scheme === 'http' && environment.REQUEST_METHOD !== undefined
  const own = isForged ? environment.http_proxy?.trim() || null : variable(`${scheme}_proxy`, environment)
  const found = own ?? variable('all_proxy', environment)
  return found === null ? null : parseProxy(found)
}

function variable(name: string, environment: NodeJS.ProcessEnv): string | null {
  return environment[name]?.trim() || environment[name.toUpperCase()]?.trim() || null
}

function parseProxy(text: string): ProxyServer {
  const address = text.includes('://') ? text : `http://${text}`
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') throw unusable(text)
  const { username, password } = url
  const isAnonymous = username === '' && password === ''
  try {
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
    const authorization = isAnonymous ? null : `Basic ${credentials.toString('base64')}`
    return { address: `${url.protocol}//${url.host}`, authorization }
  } catch (thrown) {
    if (thrown instanceof URIError) throw unusable(text)
    throw thrown
  }
}

function unusable(text: string): DeltaError {
  const shown = withoutCredentials(text)
  return new DeltaError('configuration-invalid', `The environment names a proxy that cannot be used: ${shown}`, {
    facts: { proxy: shown },
    next: 'It is an http:// or https:// address, like http://proxy.example.com:3128; name the server in NO_PROXY to go without.',
  })
}

interface Address {
  readonly host: string
  readonly port: string
}

/** `no_proxy` is a list of names, which stand for what is below them too, of addresses and networks, and `*` is everything. */
function isExempt(address: Address, list: string): boolean {
  const rules = list.split(/[\s,]+/).filter((rule) => rule !== '')
  return rules.some((rule) => rule === '*' || matches(address, rule.toLowerCase()))
}

function matches({ host, port }: Address, rule: string): boolean {
  const [, name = rule, ofPort = port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(rule) ?? []
  if (ofPort !== port) return false
  const bare = bareHost(name)
  if (isIP(host) !== 0) return host === bare || isInside(host, bare)
  const domain = bare.replace(/^\*?\.?/, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

function isInside(host: string, network: string): boolean {
  const [start = '', bits = ''] = network.split('/')
  const family = isIP(start)
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const networks = new BlockList()
  networks.addSubnet(start, Number(bits), type)
  return networks.check(host, type)
}

function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
