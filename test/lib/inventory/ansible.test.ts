// What Ansible answered to generated questions; `npm run test:ansible` asks it anew, with as many as wanted.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { kinds, type Question } from './ansible/cases.ts'
import { agree, type Answer, ours } from './ansible/ours.ts'

const test = suite('as Ansible answers')
const recorded = JSON.parse(readFileSync(new URL('../../cases/ansible.json', import.meta.url), 'utf8')) as readonly {
  readonly question: Question
  readonly theirs: Answer
}[]

for (const kind of kinds) {
  test(kind, async () => {
    const some = recorded.filter(({ question }) => question.kind === kind)
    assert.ok(some.length >= 40)
    for (const { question, theirs } of some) {
      const mine = await ours(question)
      const shown = () =>
        `${JSON.stringify(question)}\n  ours:   ${JSON.stringify(mine)}\n  theirs: ${JSON.stringify(theirs)}`
      if (!agree(question, mine, theirs)) assert.unreachable(shown())
    }
  })
}

test.run()
