// A dashboard as Grafana's own types have it, with the options and custom field config of the known panel
// kinds checked, and the queries too. String enums become their literal values, so that plain JSON matches.
import type {
  AnnotationQuery, Dashboard, DataQuery, FieldConfig, FieldConfigSource, Panel, RowPanel,
} from '@grafana/schema';
import type * as bar from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as pie from '@grafana/schema/dist/esm/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = T extends string ? (string extends T ? string : `${T}`)
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Array<Json<U>>
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;

// A query as each data source extends it: what is common to all is checked, and PromQL is text.
type Query = DataQuery & { expr?: string } & Record<string, unknown>;

// What Prometheus' data source reads beside the query.
type Annotation = AnnotationQuery<Query> & { tagKeys?: string; textFormat?: string; titleFormat?: string };

type Of<Kind extends string, Options, Custom = Record<string, never>> =
  Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
    type: Kind;
    options?: Partial<Options>;
    targets?: Query[];
    fieldConfig?: Omit<FieldConfigSource, 'defaults'> & {
      defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };
    };
  };

type KnownPanel =
  | Of<'barchart', bar.Options, bar.FieldConfig>
  | Of<'bargauge', bargauge.Options>
  | Of<'gauge', gauge.Options>
  | Of<'piechart', pie.Options, pie.FieldConfig>
  | Of<'stat', stat.Options>
  | Of<'table', table.Options, table.FieldConfig>
  | Of<'text', text.Options>
  | Of<'timeseries', timeseries.Options, timeseries.FieldConfig>;

export type KnownDashboard = Json<Omit<Dashboard, 'annotations' | 'panels'> & {
  annotations?: { list?: Annotation[] };
  panels?: Array<KnownPanel | (Omit<RowPanel, 'panels'> & { panels: KnownPanel[] })>;
}>;
