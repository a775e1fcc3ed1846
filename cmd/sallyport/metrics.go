package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/config"
)

// registerProcess registers what the process and its bundle tell of themselves.
func registerProcess(registry *prometheus.Registry, manager *bundle.Manager) {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "sallyport_build_info",
		Help:        "Always 1; the labels tell the build.",
		ConstLabels: prometheus.Labels{"version": buildInfo().Version},
	})
	info.Set(1)
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		info,
		bundleCollector{manager},
	)
}

// registerObserving registers the routes that enforce no policy.
func registerObserving(registry *prometheus.Registry, cfg *config.Config) {
	observing := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sallyport_route_observing",
		Help: "1 for a route that records what policies deny and lets it pass.",
	}, []string{"route"})
	registry.MustRegister(observing)
	for _, name := range observingRoutes(cfg) {
		observing.WithLabelValues(name).Set(1)
	}
}

func observingRoutes(cfg *config.Config) []string {
	var names []string
	for _, d := range cfg.Doors {
		for _, r := range d.Routes {
			if r.Mode == config.ModeObserve {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// bundleCollector reads the manager's status whenever metrics are asked for.
type bundleCollector struct{ manager *bundle.Manager }

var (
	bundleInfo = prometheus.NewDesc("sallyport_bundle_info",
		"Always 1; the label tells the revision in force.", []string{"revision"}, nil)
	bundleGeneration = prometheus.NewDesc("sallyport_bundle_generation",
		"Swaps of bundle or keys since the start.", nil, nil)
	bundleActivated = prometheus.NewDesc("sallyport_bundle_last_activation_timestamp_seconds",
		"When the snapshot in force was activated.", nil, nil)
	bundleAge = prometheus.NewDesc("sallyport_bundle_age_seconds",
		"Time since the source was last found to agree with what is in force.", nil, nil)
	bundleFailing = prometheus.NewDesc("sallyport_bundle_failing",
		"1 while the source holds something that cannot be activated.", nil, nil)
	bundleFailures = prometheus.NewDesc("sallyport_bundle_activation_failures_total",
		"Activations that were refused.", nil, nil)
	bundleEntities = prometheus.NewDesc("sallyport_bundle_entities",
		"What the snapshot in force holds.", []string{"kind"}, nil)
)

// Describe tells the metrics' names.
func (c bundleCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bundleInfo, bundleGeneration, bundleActivated, bundleAge, bundleFailing, bundleFailures, bundleEntities} {
		out <- d
	}
}

// Collect tells their values.
func (c bundleCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	s := c.manager.Status()
	failing := 0.0
	if s.LastError != "" {
		failing = 1
	}
	gauge(bundleFailing, failing)
	out <- prometheus.MustNewConstMetric(bundleFailures, prometheus.CounterValue, float64(s.Failures))
	gauge(bundleGeneration, float64(s.Generation))
	if s.Generation == 0 {
		return
	}
	gauge(bundleInfo, 1, s.Revision)
	gauge(bundleActivated, float64(s.ActivatedAt.UnixMilli())/1000)
	gauge(bundleAge, time.Since(s.CheckedAt).Seconds())
	for kind, n := range map[string]int{
		"account": s.Accounts, "user": s.Users, "group": s.Groups, "role": s.Roles,
		"policy": s.Policies, "statement": s.Statements, "key": s.Keys,
	} {
		gauge(bundleEntities, float64(n), kind)
	}
}
