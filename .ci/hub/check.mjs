// Uses a Hub through the official JavaScript client, as a user of it would, and insists on what it answers.
//
//   npm ci && node check.mjs check URL TOKEN OWNER       creates a dataset of OWNER, does everything to it, and deletes it
//             node check.mjs read  URL TOKEN OWNER/NAME   prints every file of a dataset as JSON: [{"path", "size", "sha256"}]
//             node check.mjs write URL TOKEN OWNER/NAME   pushes files to a dataset, and prints them in the same form
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  commit, createBranch, createRepo, datasetInfo, deleteBranch, deleteFile, deleteRepo, downloadFile, fileDownloadInfo, fileExists,
  listCommits, listDatasets, listFiles, pathsInfo, repoExists, uploadFiles, whoAmI,
} from '@huggingface/hub'

const [mode, hubUrl, accessToken, name] = process.argv.slice(2)
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

// noise is n bytes that look random and are the same each time.
function noise(n, seed) {
  const bytes = new Uint8Array(n)
  for (let i = 0, x = seed; i < n; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    bytes[i] = x >>> 24
  }
  return bytes
}

async function collect(iterable) {
  const all = []
  for await (const one of iterable) all.push(one)
  return all
}

// call returns what a function of the client takes.
const call = (repo) => (more = {}) => ({ repo: { type: 'dataset', name: repo }, hubUrl, accessToken, ...more })

// bytesOf downloads a file. The client puts a path into its URL as it is, so that "#" and "?" must not be in it.
async function bytesOf(at, path) {
  const blob = await downloadFile(at({ path: path.split('/').map(encodeURIComponent).join('/') }))
  assert.ok(blob, `${path} is not there`)
  return new Uint8Array(await blob.arrayBuffer())
}

const byPath = (a, b) => (a.path < b.path ? -1 : 1)

async function read(repo) {
  const at = call(repo)
  const files = (await collect(listFiles(at({ recursive: true })))).filter((f) => f.type === 'file')
  const list = []
  for (const { path, size, lfs } of files) {
    // The client asks for the first byte to learn the size, and an empty file has none.
    const bytes = size === 0 ? new Uint8Array() : await bytesOf(at, path)
    assert.equal(bytes.length, size, `${path}: as many bytes as the list says`)
    if (lfs) assert.equal(sha256(bytes), lfs.oid, `${path}: the bytes that the list names`)
    list.push({ path, size, sha256: sha256(bytes) })
  }
  return list.sort(byPath)
}

async function write(repo) {
  const files = {
    'README.md': new TextEncoder().encode('---\ntags:\n- written\n---\n# Written by the official client\n'),
    'data/test-00000-of-00001.parquet': noise(300_001, 1),
    'notes/résumé 1.txt': new TextEncoder().encode('naïve\n'),
    'large.bin': noise(21_000_003, 2),
  }
  const contents = Object.entries(files).map(([path, bytes]) => ({ path, content: new Blob([bytes]) }))
  await uploadFiles(call(repo)({ files: contents, commitTitle: 'Write files' }))
  return Object.entries(files).map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) })).sort(byPath)
}

async function refused(promise, status, what) {
  await assert.rejects(promise, (err) => {
    assert.equal(err.statusCode, status, `${what}: ${err}`)
    return true
  })
}

async function check(owner) {
  const repo = `${owner}/official-client-results`
  const at = call(repo)
  const me = await whoAmI({ hubUrl, accessToken })
  assert.equal(me.type, 'user')
  assert.ok([me.name, ...me.orgs.map((o) => o.name)].includes(owner), 'the token is of a member')

  assert.equal(await repoExists(at()), false)
  const created = await createRepo(at({ visibility: 'private' }))
  assert.equal(created.repoUrl, `${hubUrl}/datasets/${repo}`)
  await refused(createRepo(at()), 409, 'created again')
  assert.equal(await repoExists(at()), true)
  assert.equal(await repoExists(at({ accessToken: undefined })), false, 'a private dataset is hidden')

  // What was written is read, whole and by range.
  const written = await write(repo)
  const others = (list) => list.filter((f) => f.path !== '.gitattributes')
  assert.deepEqual(others(await read(repo)), written)
  const part = (await downloadFile(at({ path: 'large.bin' }))).slice(20_000_000, 20_000_777)
  assert.deepEqual(new Uint8Array(await part.arrayBuffer()), noise(20_000_777, 2).slice(20_000_000))
  const small = (await downloadFile(at({ path: 'notes/résumé 1.txt' }))).slice(3, 5)
  assert.equal(await small.text(), new TextDecoder().decode(new TextEncoder().encode('naïve\n').slice(3, 5)))
  const info = await fileDownloadInfo(at({ path: 'large.bin' }))
  assert.equal(info.size, 21_000_003)
  assert.equal(await downloadFile(at({ path: 'nope' })), null)
  assert.equal(await fileExists(at({ path: 'README.md' })), true)
  const [known] = await pathsInfo(at({ paths: ['large.bin', 'nope'] }))
  assert.equal(known.lfs.oid, written.find((f) => f.path === 'large.bin').sha256)
  assert.match(await (await downloadFile(at({ path: 'large.bin', raw: true }))).text(), /^version https:\/\/git-lfs/)

  // A commit on top of a parent, and another that comes too late.
  const { sha } = await datasetInfo({ name: repo, hubUrl, accessToken, additionalFields: ['sha'] })
  const operations = [
    { operation: 'addOrUpdate', path: 'one.txt', content: new Blob(['1']) },
    { operation: 'delete', path: 'notes/résumé 1.txt' },
  ]
  const done = await commit(at({ operations, title: 'On a parent', parentCommit: sha }))
  assert.match(done.commit.oid, /^[0-9a-f]{40}$/)
  await refused(commit(at({ operations, title: 'Too late', parentCommit: sha })), 412, 'a stale parent')
  assert.equal(await fileExists(at({ path: 'notes/résumé 1.txt' })), false)
  assert.equal(await fileExists(at({ path: 'notes/résumé 1.txt', revision: sha })), true, 'old commits stay')

  // Many files, in pages and folders.
  const many = Array.from({ length: 250 }, (_, i) => ({ path: `many/${i % 7}/${i}.txt`, content: new Blob([`file ${i}`]) }))
  await uploadFiles(at({ files: many, commitTitle: 'Many files' }))
  const listed = await collect(listFiles(at({ path: 'many', recursive: true })))
  assert.equal(listed.filter((f) => f.type === 'file').length, 250)
  assert.equal(listed.filter((f) => f.type === 'directory').length, 7)
  assert.equal((await collect(listFiles(at({ path: 'many' })))).length, 7)

  // Branches.
  await createBranch(at({ branch: 'exp/one', revision: sha }))
  await refused(createBranch(at({ branch: 'exp/one' })), 409, 'a branch that is there')
  await uploadFiles(at({ branch: 'exp/one', files: [{ path: 'branch.txt', content: new Blob(['b']) }] }))
  assert.equal(await fileExists(at({ path: 'branch.txt', revision: 'exp/one' })), true)
  assert.equal(await fileExists(at({ path: 'branch.txt' })), false)
  await deleteBranch(at({ branch: 'exp/one' }))

  // A pull request.
  const pull = await commit(at({ operations: [{ operation: 'addOrUpdate', path: 'pr.txt', content: new Blob(['p']) }], title: 'PR', isPullRequest: true }))
  assert.equal(pull.pullRequestUrl, `${hubUrl}/datasets/${repo}/discussions/1`)
  assert.equal(await fileExists(at({ path: 'pr.txt', revision: 'refs/pr/1' })), true)

  await deleteFile(at({ path: 'one.txt' }))
  const titles = (await collect(listCommits(at({ batchSize: 2 })))).map((c) => c.title)
  assert.deepEqual(titles, ['Delete one.txt', 'Many files', 'On a parent', 'Write files', 'initial commit'])

  const search = (query) => collect(listDatasets({ hubUrl, accessToken, search: query }))
  assert.deepEqual((await search({ owner, query: 'official-client', tags: ['written'] })).map((d) => d.name), [repo])
  assert.equal((await search({ owner, tags: ['nope'] })).length, 0)

  const broken = new Blob(['---\ntags: [\n\t- x\n---\n'])
  await refused(uploadFiles(at({ files: [{ path: 'README.md', content: broken }] })), 400, 'a card that is no YAML')
  await refused(uploadFiles(at({ accessToken: 'hf_unknown', files: many })), 401, 'an unknown token')

  await deleteRepo(at())
  assert.equal(await repoExists(at()), false)
}

const modes = { check, read, write }
if (!modes[mode] || !name) {
  console.error('usage: node check.mjs check|read|write URL TOKEN OWNER[/NAME]')
  process.exit(2)
}
const result = await modes[mode](name)
console.log(result ? JSON.stringify(result) : 'ok')
