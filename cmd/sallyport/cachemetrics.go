package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/authz/cache"
)

// cacheCollector reads the counts of the decision cache whenever metrics are
// asked for. Without a cache they stay zero.
type cacheCollector struct{ decisions *cache.Cache }

var cacheHits, cacheMisses, cacheEvictions, cacheRejections = cacheDesc("hits", "Look-ups answered from memory."),
	cacheDesc("misses", "Look-ups in vain."),
	cacheDesc("evictions", "Entries that made room for others."),
	cacheDesc("rejections", "Entries that were not taken: not worth the room, or too many at a time.")

func cacheDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("sallyport_cache_"+name+"_total", help, []string{"cache"}, nil)
}

// Describe tells the metrics' names.
func (c cacheCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheHits, cacheMisses, cacheEvictions, cacheRejections} {
		out <- d
	}
}

// Collect tells their values.
func (c cacheCollector) Collect(out chan<- prometheus.Metric) {
	s := c.decisions.Stats()
	count := func(d *prometheus.Desc, n uint64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), "decisions")
	}
	count(cacheHits, s.Hits)
	count(cacheMisses, s.Misses)
	count(cacheEvictions, s.Evictions)
	count(cacheRejections, s.Rejections)
}
