import { isAbsolute, join, relative, sep } from 'node:path'
import type { ReportedError } from '../../report/report.js'
import type { Annotation } from '../../report/workflow-commands.js'
import { isTrouble, type Skipped } from '../../snapshot/eligibility.js'
import { printable } from '../../support/text.js'
import type { CiOutcome } from './outcome.js'

/** How many files are worth an annotation each; GitHub shows ten of a step. */
const MOST_FILES = 9

/** What GitHub shows beside the files: what was left out that should not be, and why the step failed. */
export function annotationsOf(outcome: CiOutcome, environment: NodeJS.ProcessEnv): Annotation[] {
  const { folder, refused, report, isTolerated, root } = outcome
  const title = folder === null ? 'ce-delta' : `ce-delta: ${printable(folder)}`
  if (refused !== null) return [{ level: 'notice', title, message: `Nothing was uploaded: ${printable(refused)}.` }]
  if (report === null) return []
  const worthTelling = report.skipped.filter((file) => isTrouble(file) || file.reason === 'secret by content')
  const files = worthTelling.slice(0, MOST_FILES).map((file) => aboutFile(file, root, environment))
  if (report.error === null) return files
  const { message, next } = report.error
  const text = next === null ? message : `${message} ${next}`
  const level = isTolerated ? 'warning' : 'error'
  return [...files, { level, title, message: text, ...placeOf(report.error, environment) }]
}

function aboutFile(skipped: Skipped, root: string | null, environment: NodeJS.ProcessEnv): Annotation {
  const { path, reason, detail } = skipped
  const why = detail === undefined ? reason : `${reason} (${printable(detail)})`
  const fix =
    reason === 'secret by content'
      ? 'Remove the credential, or accept it: ce-delta secrets --accept'
      : 'Rename it, or leave it out: .cedeltaignore'
  const place = root === null ? {} : inCheckout(join(root, path), environment)
  return { level: 'warning', title: 'ce-delta left a file out', message: `${why}. ${fix}`, ...place }
}

/** The file where it can be mended: the configuration that is wrong, or the workflow that sets everything else. */
function placeOf({ facts }: ReportedError, environment: NodeJS.ProcessEnv): { file?: string } {
  const { GITHUB_WORKFLOW_REF: workflow = '' } = environment
  const { source } = facts
  if (typeof source === 'string' && isAbsolute(source)) return inCheckout(source, environment)
  const file = /^[^/]+\/[^/]+\/([^@]+)@/.exec(workflow)?.[1]
  return file === undefined ? {} : { file }
}

/** GitHub knows files by their way from the checkout. */
function inCheckout(file: string, { GITHUB_WORKSPACE: checkout = process.cwd() }: NodeJS.ProcessEnv) {
  return { file: printable(relative(checkout, file).split(sep).join('/')) }
}
