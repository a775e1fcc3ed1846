package upstream

import (
	"strings"
	"sync"
	"time"
)

// tagCache remembers tags for a short while. It is bounded, and safe for
// concurrent use; the zero value remembers nothing.
type tagCache struct {
	lifetime time.Duration
	mu       sync.Mutex
	// young and old hold what was put in last: when young is full, or as old as
	// a lifetime, it becomes old, and what was old is forgotten.
	young, old map[Object]knownTags
	begun      time.Time
}

// knownTags are tags and when they were read.
type knownTags struct {
	tags []Tag
	read time.Time
}

// maxKnownTags bounds the objects of one generation of the cache: with names of
// 1,088 bytes and ten tags of 384 characters, two take some 50 MiB at the worst.
const maxKnownTags = 4096

func (c *tagCache) get(o Object, now time.Time) ([]Tag, bool) {
	if c.lifetime <= 0 {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.young[o]
	if !ok {
		known, ok = c.old[o]
	}
	// The clock may have been set back.
	if age := now.Sub(known.read); !ok || age < 0 || age >= c.lifetime {
		return nil, false
	}
	return known.tags, true
}

func (c *tagCache) put(o Object, tags []Tag, now time.Time) {
	if c.lifetime <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.begun); c.young == nil || len(c.young) >= maxKnownTags || age < 0 || age >= c.lifetime {
		c.old, c.young, c.begun = c.young, map[Object]knownTags{}, now
	}
	// The names are parts of a request, which they would keep in memory.
	o = Object{strings.Clone(o.Bucket), strings.Clone(o.Key), strings.Clone(o.Version)}
	c.young[o] = knownTags{tags, now}
}
