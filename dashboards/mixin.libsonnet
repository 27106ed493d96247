// A monitoring mixin (https://monitoring.mixins.dev). What it makes is committed beside it: see generate.
(import 'config.libsonnet')
+ (import 'grafana/dashboards.libsonnet')
+ (import 'prometheus/alerts.libsonnet')
+ (import 'prometheus/rules.libsonnet')
