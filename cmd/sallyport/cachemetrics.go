package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/session"
)

// cacheCollector reads the counts of caches whenever metrics are asked for. Without
// a cache of decisions they stay zero; without sessions there are none of theirs.
type cacheCollector struct {
	decisions *cache.Cache
	sessions  *session.Sessions
}

// The labels of other caches than that of decisions.
const (
	cacheSessions = "sessions"
	cacheBearers  = "bearer_tokens"
)

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
	if c.sessions == nil {
		return
	}
	remembered := c.sessions.Stats()
	for name, of := range map[string]session.CacheStats{cacheSessions: remembered.Sessions, cacheBearers: remembered.Bearers} {
		out <- prometheus.MustNewConstMetric(cacheHits, prometheus.CounterValue, float64(of.Hits), name)
		out <- prometheus.MustNewConstMetric(cacheMisses, prometheus.CounterValue, float64(of.Misses), name)
	}
}
