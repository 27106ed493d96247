// What a dashboard of ours may consist of: Grafana's published types, as JSON writes them, and closed where Grafana
// leaves them open: each kind of panel has its own options, and no field is unknown.
import type * as grafana from '@grafana/schema';
import type * as stat
    from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as stateTimeline
    from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table
    from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries
    from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// In JSON the members of an enumeration are their values.
type Json<T> = T extends string ? `${T}`
    : T extends number | boolean | null | undefined ? T
    : { [Key in keyof T]: Json<T[Key]> };

type Datasource = { type: 'prometheus'; uid: '${datasource}' };

// Grafana publishes no types for what it asks Prometheus: these are the fields that we use.
type Target = { refId: string; datasource: Datasource; expr: string; legendFormat?: string }
    & ({ range: true } | { range: false; instant: true; format?: 'table' });

type Link = { title: string; url: string; targetBlank: boolean };
type Defaults<Custom> =
    Json<Omit<grafana.FieldConfig, 'custom' | 'links'>> & { custom?: Json<Custom>; links?: Link[] };

// What an override may set, each property as its field is.
type Standard = 'unit' | 'decimals' | 'min' | 'max' | 'mappings' | 'color' | 'thresholds' | 'links';
type OfCustom<Custom, Key extends keyof Custom & string> =
    Key extends Key ? { id: `custom.${Key}`; value: NonNullable<Json<Custom[Key]>> } : never;
type Property<Custom> = { [Key in Standard]: { id: Key; value: NonNullable<Defaults<Custom>[Key]> } }[Standard]
    | OfCustom<Custom, keyof Custom & string>;
type FieldConfig<Custom> = {
    defaults: Defaults<Custom> & { unit: string };
    overrides: { matcher: { id: 'byName' | 'byRegexp'; options: string }; properties: Property<Custom>[] }[];
};

type Transformation = { id: 'merge'; options: {} } | {
    id: 'organize';
    options: {
        excludeByName: Record<string, true>;
        indexByName: Record<string, number>;
        renameByName: Record<string, string>;
    };
};

type PanelOf<Type, Options, Custom> = {
    type: Type;
    id: number;
    title: string;
    description: string;
    datasource: Datasource;
    gridPos: Json<grafana.Panel['gridPos']>;
    targets: Target[];
    fieldConfig: FieldConfig<Custom>;
    options: Json<Options>;
    transformations?: Transformation[];
};

type Panel = PanelOf<'stat', stat.Options, {}>
    | PanelOf<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
    | PanelOf<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
    | PanelOf<'table', table.Options, table.FieldConfig>
    | { type: 'row'; id: number; title: string; collapsed: false; gridPos: Json<grafana.Panel['gridPos']>; panels: [] };

type Variable = Omit<Json<grafana.VariableModel>, 'query' | 'datasource'> & ({
    type: 'datasource';
    query: 'prometheus';
} | {
    type: 'query';
    datasource: Datasource;
    // As Grafana's editor of variables writes it: 1 asks for the values of a label, 3 for the result of a query.
    query: { qryType: 1 | 3; query: string; refId: string };
    definition: string;
});

type Whole = Json<grafana.Dashboard>;
type Known = 'uid' | 'title' | 'description' | 'tags' | 'schemaVersion' | 'editable' | 'graphTooltip' | 'refresh'
    | 'time' | 'timezone' | 'annotations' | 'links';
export type Dashboard = Required<Pick<Whole, Known>> & { panels: Panel[]; templating: { list: Variable[] } };

// Whatever this allows, Grafana's own type allows.
export const whole = (dashboard: Dashboard): Whole => dashboard;
