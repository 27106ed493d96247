// Groups of rules as the file that Prometheus reads, laid out as people write it. (std.manifestYamlDoc of jsonnet 0.18 takes
// a quarter of a minute for as much.)
local indented(text, by) = by + std.strReplace(std.rstripChars(text, '\n'), '\n', '\n' + by);

local entries(object) = std.join('', [
  '          %s: %s\n' % [name, std.escapeStringJson(object[name])]
  for name in std.objectFields(object)
]);

local rule(given) =
  local kind = if std.objectHas(given, 'alert') then 'alert' else 'record';
  std.join('', [
    '      - %s: %s\n' % [kind, given[kind]],
    '        expr: |\n%s\n' % indented(given.expr, '          '),
    if std.objectHas(given, 'for') then '        for: %s\n' % given['for'] else '',
  ] + [
    '        %s:\n%s' % [field, entries(given[field])]
    for field in ['labels', 'annotations']
    if std.objectHas(given, field)
  ]);

function(rules) 'groups:\n' + std.join('', [
  '  - name: %s\n    rules:\n%s' % [group.name, std.join('', [rule(given) for given in group.rules])]
  for group in rules.groups
])
