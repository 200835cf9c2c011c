import { type AnyCommand, first } from '../cli/command.ts'

/** Every command by its word, loaded when it is asked for. A line that begins with none of these words is for `run`. */
export const commands: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  init: async () => (await import('./init.ts')).init,
  run: async () => (await import('./run.ts')).run,
  plan: async () => (await import('./plan.ts')).plan,
  apply: async () => (await import('./apply.ts')).apply,
  undo: async () => (await import('./undo.ts')).undo,
  exec: async () => (await import('./exec.ts')).exec,
  inventory: async () => (await import('./inventory.ts')).inventory,
  vars: async () => (await import('./vars.ts')).vars,
  vault: async () => (await import('./vault.ts')).vault,
  config: async () => (await import('./config.ts')).config,
  history: async () => (await import('./history.ts')).history,
  report: async () => (await import('./report.ts')).report,
  unlock: async () => (await import('./unlock.ts')).unlock,
  completion: async () => (await import('./completion.ts')).completion,
  complete: async () => (await import('./complete.ts')).complete,
}

/** The words that an operator may type: `complete` is for shells, and `run` is what no word means. */
export function commandWords(): readonly string[] {
  return Object.keys(commands).filter((word) => word !== 'complete' && word !== first)
}
