// Cuts GitHub's description of its REST API to what hubgate uses: node cut.js api.github.com.json > github-openapi.json
// Source: @octokit/openapi 23.0.2, generated/api.github.com.json.
const s = JSON.parse(require('fs').readFileSync(process.argv[2]));
const used = {
  '/user': ['get'],
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch', 'delete'],
  '/repos/{owner}/{repo}/pulls': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get'],
  '/repos/{owner}/{repo}/commits': ['get'],
  '/repos/{owner}/{repo}/commits/{commit_sha}/pulls': ['get'],
  '/repos/{owner}/{repo}/commits/{ref}/check-runs': ['get'],
  '/repos/{owner}/{repo}/compare/{basehead}': ['get'],
  '/repos/{owner}/{repo}/contents/{path}': ['get'],
  '/repos/{owner}/{repo}/collaborators/{username}/permission': ['get'],
  '/repos/{owner}/{repo}/check-runs': ['post'],
  '/repos/{owner}/{repo}/check-runs/{check_run_id}': ['patch'],
};
const out = {openapi: s.openapi, info: {title: s.info.title, version: s.info.version, license: s.info.license}, paths: {}, components: {}};
// Prose and examples are left out; the description of an answer is the only one that the format requires.
const plain = (x, parent, key) => {
  if (Array.isArray(x)) return x.map(y => plain(y, parent, key));
  if (!x || typeof x !== 'object') return x;
  const o = {}, names = parent === 'properties';
  for (const k in x) {
    if (!names && (k === 'example' || k === 'examples' || k.startsWith('x-') || k === 'externalDocs' || k === 'tags' || k === 'summary')) continue;
    if (!names && k === 'description' && parent !== 'responses') continue;
    o[k] = plain(x[k], names ? '' : (key === 'responses' ? 'responses' : k), k);
  }
  return o;
};
for (const path in used) {
  out.paths[path] = {};
  for (const method of used[path]) out.paths[path][method] = s.paths[path][method];
}
const seen = new Set();
const follow = x => {
  if (!x || typeof x !== 'object') return;
  if (typeof x.$ref === 'string' && !seen.has(x.$ref)) {
    seen.add(x.$ref);
    const [, , kind, name] = x.$ref.split('/');
    (out.components[kind] ??= {})[name] = s.components[kind][name];
    follow(s.components[kind][name]);
  }
  for (const k in x) if (k !== 'example' && k !== 'examples') follow(x[k]);
};
follow(out.paths);
process.stdout.write(JSON.stringify(plain(out), null, 1) + '\n');
