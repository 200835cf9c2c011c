import { styleText } from 'node:util'
import type { Status } from '../model/event.ts'

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan' | 'magenta' | 'blue'

/** Gives a text its colour, or leaves it as it is where no colours are wanted. */
export type Paint = (style: Style, text: string) => string

/** The colours, or none. */
export function paints(color: boolean): Paint {
  // Newer Nodes look at stdout themselves unless told that the question is settled; older ones ignore it.
  if (!color) return (_style, text) => text
  return (style, text) => (text ? styleText(style, text, { validateStream: false }) : '')
}

/** Whether a stream can be drawn over: a terminal that says of which kind it is, and is no dumb one. */
export function canDraw(out: NodeJS.WritableStream & { readonly isTTY?: boolean }, env = process.env): boolean {
  return out.isTTY === true && (env['TERM'] ?? '') !== '' && env['TERM'] !== 'dumb'
}

/** Whether a stream should get colours: FORCE_COLOR decides, then NO_COLOR, then whether it is a terminal that can. */
export function wantsColor(out: NodeJS.WritableStream & { readonly isTTY?: boolean }, env = process.env): boolean {
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (env['NO_COLOR']) return false
  return canDraw(out, env)
}

/** Ansible's colours for how a task ended. */
export const statusStyle: { readonly [S in Status]: Style } = {
  ok: 'green',
  changed: 'yellow',
  skipped: 'cyan',
  failed: 'red',
  rescued: 'yellow',
  ignored: 'cyan',
  unreachable: 'magenta',
  resumed: 'blue',
}
