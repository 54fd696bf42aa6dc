// Takes payloads that GitHub sent, without most of what is not read: node events.js index.json > events.json
// Source: @octokit/webhooks-examples 7.6.1 (MIT), api.github.com/index.json.
const all = JSON.parse(require('fs').readFileSync(process.argv[2]));
const want = [['pull_request', e => e.action === 'synchronize'], ['push', e => e.ref === 'refs/heads/master' && e.commits.length > 0],
  ['merge_group', () => true], ['workflow_run', e => e.action === 'completed' && e.workflow_run.head_repository.full_name === e.repository.full_name], ['workflow_dispatch', e => e.ref === 'refs/heads/main']];
const plain = x => {
  if (Array.isArray(x)) return x.map(plain);
  if (!x || typeof x !== 'object') return x;
  const o = {};
  for (const k in x) if (!/(_url|^url|^node_id|^_links|^has_|^user|^sender|^owner|^organization|^installation|^license|^topics|_count|^steps|^referenced_)/.test(k)) o[k] = plain(x[k]);
  return o;
};
process.stdout.write(JSON.stringify(want.map(([name, fits]) => ({name, payload: plain(all.find(e => e.name === name).examples.find(fits))})), null, 1) + '\n');
