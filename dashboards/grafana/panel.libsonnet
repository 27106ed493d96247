// Panels and what they are made of. A panel is w columns of 24 wide and h rows high; dashboard.libsonnet gives it its place.
local style = import 'style.libsonnet';

local datasource = { type: 'prometheus', uid: '${datasource}' };

local letter(i) = std.char(std.codepoint('A') + i);

// queries: strings, or objects with an expr and a legend.
local targets(queries, shape) = std.mapWithIndex(
  function(i, query)
    local given = if std.isString(query) then { expr: query } else query;
    {
      refId: letter(i),
      datasource: datasource,
      expr: given.expr,
      [if std.objectHas(given, 'legend') then 'legendFormat']: given.legend,
    } + shape,
  if std.isArray(queries) then queries else [queries],
);

local named(name, properties) = {
  matcher: { id: 'byName', options: name },
  properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
};

local panel(type, title, description, w, h) = {
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  gridPos: { w: w, h: h },
  fieldConfig: { defaults: { unit: 'none' }, overrides: [] },
};

local legend = { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] };

{
  // Each function returns a panel to which more of these can be added.
  unit(unit):: { fieldConfig+: { defaults+: { unit: unit } } },
  range(min, max=null):: { fieldConfig+: { defaults+: { min: min, [if max != null then 'max']: max } } },
  words(mappings):: { fieldConfig+: { defaults+: { mappings: mappings } } },
  absent(text):: { fieldConfig+: { defaults+: { noValue: text } } },
  decimals(count):: { fieldConfig+: { defaults+: { decimals: count } } },
  field(name, properties):: { fieldConfig+: { overrides+: [named(name, properties)] } },
  // The colour of each series of these names.
  colours(byName):: {
    fieldConfig+: {
      overrides+: [named(name, { color: { mode: 'fixed', fixedColor: byName[name] } }) for name in std.objectFields(byName)],
    },
  },
  link(title, url):: { fieldConfig+: { defaults+: { links: [{ title: title, url: url, targetBlank: false }] } } },
  stacked:: { fieldConfig+: { defaults+: { custom+: { stacking: { mode: 'normal', group: 'A' }, fillOpacity: 60, lineWidth: 0 } } } },
  // Lines in the colour of the worst that they reach, and where that begins.
  limits(warning, critical=null):: {
    fieldConfig+: {
      defaults+: {
        thresholds: style.thresholds(warning, critical),
        color: { mode: 'thresholds', seriesBy: 'max' },
        custom+: { thresholdsStyle: { mode: 'dashed' } },
      },
    },
  },

  row(title):: { type: 'row', title: title, collapsed: false, gridPos: { w: 24, h: 1 }, panels: [] },

  // One number for each query.
  stat(title, description, queries, w=3, h=4):: panel('stat', title, description, w, h) {
    targets: targets(queries, { instant: true, range: false }),
    fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, thresholds: style.thresholds(null, 1) } },
    options: {
      colorMode: 'background',
      graphMode: 'none',
      justifyMode: 'center',
      orientation: 'auto',
      percentChangeColorMode: 'standard',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showPercentChange: false,
      textMode: 'auto',
      wideLayout: true,
    },
  },
  thresholds(warning, critical=null):: { fieldConfig+: { defaults+: { thresholds: style.thresholds(warning, critical) } } },

  // Lines over time. They are shades of one colour: what they are is said by the legend and by the tooltip.
  lines(title, description, queries, w=12, h=8):: panel('timeseries', title, description, w, h) {
    targets: targets(queries, { range: true }),
    fieldConfig+: {
      defaults+: {
        color: { mode: 'shades', fixedColor: style.colours.blue },
        min: 0,
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'stepAfter',
          lineWidth: 2,
          fillOpacity: 0,
          showPoints: 'never',
          spanNulls: false,
        },
      },
    },
    options: { legend: legend, tooltip: { mode: 'multi', sort: 'desc' } },
  },

  // What something was, over time: the queries give numbers for which there are words.
  timeline(title, description, queries, mappings, w=24, h=5):: panel('state-timeline', title, description, w, h) {
    targets: targets(queries, { range: true }),
    fieldConfig+: {
      defaults+: {
        color: { mode: 'fixed', fixedColor: style.colours.grey },
        mappings: mappings,
        custom: { fillOpacity: 80, lineWidth: 0 },
      },
    },
    options: {
      alignValue: 'left',
      legend: legend,
      mergeValues: true,
      rowHeight: 0.9,
      showValue: 'auto',
      tooltip: { mode: 'single', sort: 'none' },
    },
  },

  // A row for each set of labels of the first query; what the others add to it. columns: names for values, or false to leave
  // one out. Grafana takes the name of a metric for a label, too, and would not merge the rows: so they have none.
  table(title, description, queries, columns={}, w=12, h=7):: panel('table', title, description, w, h) {
    local left = ['Time', 'job'] + [name for name in std.objectFields(columns) if columns[name] == false],
    local renamed = { [name]: columns[name] for name in std.objectFields(columns) if columns[name] != false },
    local nameless = ['sum without () (%s)' % query for query in if std.isArray(queries) then queries else [queries]],
    targets: targets(nameless, { instant: true, range: false, format: 'table' }),
    transformations: [
      { id: 'merge', options: {} },
      { id: 'organize', options: { excludeByName: { [name]: true for name in left }, indexByName: {}, renameByName: renamed } },
    ],
    fieldConfig+: {
      defaults+: {
        custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true, inspect: false },
        noValue: '-',
      },
    },
    options: { cellHeight: 'sm', frameIndex: 0, showHeader: true },
  },
}
