/** What is wrong, and what to write instead. */
export type Said = readonly [message: string, hint: string]

// Beginners' slips that the type check finds, and that a run without it meets too: the same words for both.

/** shell('…') in place of shell`…`. */
export function brackets(name: string, script = 'COMMAND'): Said {
  return [`${name} takes its command between backticks, without brackets`, `write ${name}\`${script}\``]
}

/** host.run(handler); the word is what the author calls it. */
export function handlerRun(word = '…'): Said {
  return [
    'a handler is not run by a task: it runs when a task that notifies it has changed something',
    `write { notify: ${word} } among the options of that task`,
  ]
}

/** host.run(task). */
export function taskRun(word = '…'): Said {
  return ['a task cannot be run in another', `its result is host.result(${word})`]
}

/** notify: 'Restart'; the name as it is written, quotes included. */
export function notifyName(name = "'…'"): Said {
  return [
    'notify takes the handler, not its name',
    `keep it, const restart = handler(${name}, …), and write notify: restart`,
  ]
}

/** A play without hosts. */
export const noHosts: Said = ['a play says its hosts', "write play('…', { hosts: 'all' }, …)"]
