import type { ServerEvent } from '../receiver/server-events.js'
import { formatBytes, formatDuration } from '../support/text.js'
import { type Printer, styled } from './print.js'
import { describeCounts } from './render.js'

/** One line for each thing that a receiver did. Texts from outside were made printable where they came in. */
export function renderServerEvent(printer: Printer, event: ServerEvent): void {
  if (event.event === 'applied') {
    const what = event.replayed ? 'had it already' : describeCounts(event.operations)
    const cost = `${formatBytes(event.bytes)}, ${formatDuration(event.duration_ms)}`
    printer.note(`${styled('good', '✓')} ${event.workspace_path}: sequence ${event.sequence}, ${what} · ${cost}`)
  } else if (event.event === 'refused') {
    printer.note(
      `${styled('careful', '!')} refused${event.workspace_path === undefined ? '' : ` for ${event.workspace_path}`}: ${event.message}`,
    )
  } else printer.note(`${styled('bad', '✗')} ${event.message}`)
}
