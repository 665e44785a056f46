import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CREDENTIAL_FORMATS, type CredentialFinding, findCredentials } from '../../src/snapshot/credential-formats.js'
import { ceDelta, leftOut, push } from '../helpers/command.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

function found(text: string, accepted: readonly string[] = []): CredentialFinding[] {
  return findCredentials(Buffer.from(text), new Set(accepted))
}

/** Characters that look random, so many; no sample stands in this file, or it would be left out itself. */
function random(count: number, alphabet = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7'): string {
  return Array.from({ length: count }, (_, at) => alphabet[(at * 7) % alphabet.length]).join('')
}

const HEX = '0f1e2d3c4b5a6978'
const AWS = `AKIA${random(16, 'ABCDEFGH234567')}`

const SAMPLES: readonly [string, string][] = [
  ['AWS access key', AWS],
  ['GitHub token', `ghp_${random(36)}`],
  ['GitHub fine-grained token', `github_pat_${random(22)}_${random(59)}`],
  ['GitLab token', `glpat-${random(20)}`],
  ['Slack token', `xoxb-${random(12, '123')}-${random(24)}`],
  ['Slack app token', `xapp-1-A0${random(8, 'ABC')}-${random(12, '123')}-${random(64, HEX)}`],
  ['Slack webhook', `https://hooks.slack.com/services/T${random(8, 'ABC')}/B${random(8, 'ABC')}/${random(24)}`],
  ['npm token', `npm_${random(36)}`],
  ['PyPI token', `pypi-AgEIcHlwaS5vcmc${random(60)}`],
  ['Stripe key', `sk_live_${random(24)}`],
  ['Stripe webhook secret', `whsec_${random(32)}`],
  ['Google API key', `AIza${random(35)}`],
  ['Google OAuth secret', `GOCSPX-${random(28)}`],
  ['Google OAuth token', `ya29.${random(80)}`],
  ['OpenAI key', `sk-proj-${random(30)}T3BlbkFJ${random(30)}`],
  ['Anthropic key', `sk-ant-api03-${random(93)}`],
  ['Hugging Face token', `hf_${random(34, 'aBcDeF')}`],
  ['SendGrid key', `SG.${random(22)}.${random(43)}`],
  ['Twilio key', `SK${random(32, HEX)}`],
  ['Mailchimp key', `${random(32, HEX)}-us12`],
  ['DigitalOcean token', `dop_v1_${random(64, HEX)}`],
  ['Docker Hub token', `dckr_pat_${random(27)}`],
  ['Vault token', `hvs.${random(30)}`],
  ['Shopify token', `shpat_${random(32, HEX)}`],
  ['Telegram bot token', `123456789:AA${random(33)}`],
  ['Azure storage key', `AccountKey=${random(86)}==`],
  ['JSON Web Token', `eyJ${random(20)}.eyJ${random(40)}.${random(43)}`],
  ['private key', `-----BEGIN RSA PRIVATE ${'KEY'}-----\n${random(64)}\n${random(64)}`],
]

describe('faults.md row 99: what looks like a credential', () => {
  test('every format of the table has a sample here', () => {
    expect(SAMPLES.map(([format]) => format)).toEqual(CREDENTIAL_FORMATS.map(({ name }) => name))
  })

  test.each(SAMPLES)('%s is found, by its line, and not told', (format, secret) => {
    const findings = found(`first\nconst key = "${secret}"\nlast\n`)
    expect(findings).toEqual([{ format, line: 2, redacted: expect.any(String), fingerprint: expect.any(String) }])
    expect(JSON.stringify(findings)).not.toContain(secret.slice(0, 12))
    expect(found(secret, [findings[0]?.fingerprint ?? ''])).toEqual([])
  })

  test.each(CREDENTIAL_FORMATS.map(({ name, pattern }) => [name, pattern] as const))(
    '%s is found in all its variants, wherever it stands',
    (name, pattern) => {
      const alone = new RegExp(`^${pattern.source.replace(/\(\?<?!.*?\)/g, '')}$`)
      const variant = fc.stringMatching(alone)
      fc.assert(
        fc.property(variant, fc.constantFrom('', ' ', '. ', 'ü: '), (secret, before) => {
          expect(found(before + secret).map(({ format }) => format)).toContain(name)
        }),
        { numRuns: 30, seed: 20_261_126 },
      )
    },
  )

  test.each([
    ['a placeholder', 'AKIAXXXX, ghp_xxxx, sk_live_..., npm_token, glpat-xxxx'],
    ['code that knows the format', "const PATTERN = /AKIA[A-Z0-9]{16}/; 'ghp_[A-Za-z0-9]{36}'"],
    ['the frame of a key without a key', `"-----BEGIN PRIVATE ${'KEY'}-----"; "-----END"`],
    ['a public key', `-----BEGIN PUBLIC ${'KEY'}-----\n${random(64)}\n`],
    ['a longer word', `X${AWS}`],
    ['a hash', random(64, HEX)],
    ['a link', 'https://example.org/ask-me-anything-about-sk-things-and-more-words-in-a-row'],
    ['a style sheet', '.mask-image-linear-gradient-from-top-to-bottom-with-a-long-name {}'],
  ])('%s is none', (_, text) => {
    expect(found(text)).toEqual([])
  })
})

async function leaking(config: string | null): Promise<string> {
  const root = await gitRepository({ files: { 'a.txt': 'a\n', 'src/leak.ts': `const key = '${AWS}'\n` } })
  if (config !== null) await writeTree(root, { 'ce-delta.config.json': JSON.stringify({ secrets: { scan: config } }) })
  return root
}

describe('faults.md row 99: a push of a file with a credential in it', () => {
  test('leaves the file out, and says why, without telling it', async () => {
    const root = await leaking(null)
    const result = await push(root)
    expect(result).toMatchObject({ exitCode: 0, report: { outcome: 'confirmed', operations: { created: 1 } } })
    expect(leftOut(result.report)).toEqual(['secret by content: src/leak.ts'])
    expect(result.report.skipped[0]?.detail).toMatch(/^AWS access key in line 1, AKIA… \(20 characters\)$/)
    expect(result.stdout + result.stderr).not.toContain(AWS)
  })

  test('that had none before deletes the copy; without it, it returns', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } })
    await push(root)
    await writeFile(join(root, 'b.txt'), `x\n`.repeat(20_000) + AWS)
    expect(await push(root)).toMatchObject({ report: { operations: { deleted: 1 } } })
    expect(leftOut((await push(root)).report)).toEqual(['secret by content: b.txt'])
    await writeFile(join(root, 'b.txt'), 'b\n')
    expect(await push(root)).toMatchObject({ report: { operations: { created: 1 }, skipped: [] } })
  })

  test.each([
    [
      'block',
      {
        exitCode: 13,
        report: { outcome: 'failed', error: { code: 'guard-stopped', facts: { first: 'src/leak.ts' } } },
      },
    ],
    ['warn', { exitCode: 0, report: { operations: { created: 3 }, skipped: [] } }],
    ['off', { exitCode: 0, report: { operations: { created: 3 }, skipped: [] } }],
  ])('secrets.scan: %s', async (mode, expected) => {
    const root = await leaking(mode)
    const result = await push(root)
    expect(result).toMatchObject(expected)
    expect(result.events.some((event) => event.event === 'notice')).toBe(mode === 'warn')
    expect(result.stdout + result.stderr).not.toContain(AWS)
    if (mode === 'block') expect(await push(root)).toMatchObject(expected)
  })

  test('a commit is looked at in the same way', async () => {
    const root = await leaking(null)
    await git(root, 'add', '--all')
    const result = await push(root, ['--commit', 'HEAD'])
    expect(leftOut(result.report)).toEqual(['secret by content: src/leak.ts'])
  })

  test('what was accepted is part of the copy; the baseline does not tell it', async () => {
    const root = await leaking('block')
    const { events } = await ceDelta(root, ['secrets', '--json'])
    expect(events[0]).toMatchObject({ found: [{ path: 'src/leak.ts', line: 1, format: 'AWS access key' }] })
    expect((await ceDelta(root, ['secrets', '--accept', 'src/leak.ts'])).stderr).toContain('1 finding accepted')
    expect((await ceDelta(root, ['secrets'])).stderr).toBe('no content looks like a credential\n')
    expect(await readFile(join(root, '.cedelta-baseline.json'), 'utf8')).not.toContain(AWS)
    expect(await push(root)).toMatchObject({ exitCode: 0, report: { operations: { created: 4 }, skipped: [] } })
  })

  test('a baseline that cannot be understood is an error of the configuration', async () => {
    const root = await leaking(null)
    await writeFile(join(root, '.cedelta-baseline.json'), '{"accepted": [1]}')
    expect((await push(root)).exitCode).toBe(2)
  })
})
