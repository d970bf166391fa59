import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqlite, type SqliteStep } from '../../src/layout/open-sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const fresh = () => join(folder, `${count++}`, 'file.db')

const first: SqliteStep = { to: 1, run: (db) => db.exec('CREATE TABLE IF NOT EXISTS runs (name TEXT)') }
const second: SqliteStep = { to: 2, run: (db) => db.exec("ALTER TABLE runs ADD COLUMN team TEXT NOT NULL DEFAULT 'T1'") }

describe('a SQLite file', () => {
  it('is brought from any version to the newest, with what is in it', () => {
    const path = fresh()
    const old = openSqlite(path, { steps: [first] })
    old.exec("INSERT INTO runs VALUES ('r1')")
    old.close()
    const now = openSqlite(path, { steps: [first, second] })
    expect(now.prepare('SELECT name, team FROM runs').all()).toEqual([{ name: 'r1', team: 'T1' }])
    expect(now.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
    now.close()
    expect(() => openSqlite(path, { steps: [first] })).toThrow(/newer version \(schema 2, this one knows 1\)/)
  })

  it('is as it was where a step fails', () => {
    const path = fresh()
    openSqlite(path, { steps: [first] }).close()
    const broken: SqliteStep = {
      to: 3,
      run: () => {
        throw new Error('no room')
      },
    }
    expect(() => openSqlite(path, { steps: [first, second, broken] })).toThrow('no room')
    const again = openSqlite(path, { steps: [first] })
    expect(again.prepare('SELECT * FROM runs').columns()).toHaveLength(1)
    again.close()
  })

  it('is left alone by those who only read it', () => {
    const path = fresh()
    openSqlite(path, { steps: [first] }).close()
    const reader = openSqlite(path, { steps: [first, second], readOnly: true })
    expect(reader.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    expect(() => reader.exec("INSERT INTO runs VALUES ('r1')")).toThrow()
    reader.close()
    expect(() => openSqlite(fresh(), { steps: [first], readOnly: true })).toThrow()
  })
})
