import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyProject } from './project.ts'

const test = suite('samples')
const folder = path.resolve(import.meta.dirname, 'samples/cookbook')
const recipes = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'inventory.ts')
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')

for (const recipe of recipes) {
  test(`${recipe} says in check mode what it does, does it, and once more finds it done`, () => {
    const project = emptyProject()
    try {
      project.save('hosts.ini', read('hosts.ini'))
      project.save(recipe, read(recipe))
      const typed = `run ${recipe} -i hosts.ini --yes --no-type-check`
      const [, , again] = [`${typed} --check`, typed, typed].map((line) => {
        const { code, said } = project.type(line)
        assert.is(code, 0, `${line}\n${said}`)
        assert.match(said, /^\w+-\d : ok=[1-9]/m)
        return said
      })
      // Whatever a command does counts as a change; all else is done.
      for (const [, task] of again!.matchAll(/^TASK \[([^\]]*)\]\nchanged/gm))
        assert.match(read(recipe), new RegExp(`'${task}'[^]{0,40}shell`), `${task} changes something each time`)
    } finally {
      project.remove()
    }
  })
}

test('the playbook that was an Ansible one finds all done when it is run once more', () => {
  const project = emptyProject()
  try {
    for (const name of ['site.ts', 'hosts.ini', 'group_vars/web.yml', 'group_vars/db.yml'])
      project.save(name, readFileSync(path.join(folder, '../from-ansible', name), 'utf8'))
    const [first, again] = [0, 1].map(() =>
      project.type('mkdir -p /tmp/db && run site.ts -i hosts.ini --no-type-check'),
    )
    assert.is(first!.code, 0, first!.said)
    assert.is(again!.said.match(/^web-\d : ok=\d+ +changed=0/gm)?.length, 2, again!.said)
  } finally {
    project.remove()
  }
})

test('recipes were found', () => assert.ok(recipes.length > 8))

test.run()
