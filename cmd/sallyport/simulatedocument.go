package main

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// simulatedDocument is a document of a line, compiled, or why it is not.
type simulatedDocument struct {
	compiled *authz.Document
	readings []reading
	rejected []string
}

// documentCache shares compiled documents between lines that hold the same text
// in the same place. It keeps what comes a second time, so that documents of one
// line alone cost no memory, and no time of the collector. What has not been used
// for a while makes room.
type documentCache struct {
	mu sync.RWMutex
	// recent takes what is used; when it is full it becomes the older half,
	// and what was the older half is forgotten.
	recent, older map[string]*simulatedDocument
	size          int
	// seen are hashes of what came once.
	seed maphash.Seed
	seen map[uint64]struct{}
}

// What one half of the cache holds at most: so many entries, and so many bytes,
// of which a document takes what weigh says. One that takes much of that is not
// kept. Of what came once, seenDocuments hashes are known.
const (
	cachedDocuments = 10_000
	cachedBytes     = 48 << 20
	cachedMost      = cachedBytes / 8
	seenDocuments   = 4 * cachedDocuments
)

func newDocumentCache() *documentCache {
	return &documentCache{recent: map[string]*simulatedDocument{}, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
}

// get compiles a document, or finds it compiled.
func (c *documentCache) get(kind policy.Kind, label, text string) *simulatedDocument {
	var space [2048]byte
	key := append(space[:0], byte(kind))
	key = append(key, label...)
	key = append(key, 0)
	key = append(key, text...)

	c.mu.RLock()
	d, ok := c.recent[string(key)]
	if !ok {
		d = c.older[string(key)]
	}
	c.mu.RUnlock()
	if ok {
		return d
	}
	if d == nil {
		d = newSimulatedDocument(kind, label, text)
	}
	c.add(key, weigh(text), d)
	return d
}

// add keeps a document that came before, unless it is too large.
func (c *documentCache) add(key []byte, weight int, d *simulatedDocument) {
	if weight > cachedMost {
		return
	}
	hash := maphash.Bytes(c.seed, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.seen[hash]
	if _, older := c.older[string(key)]; !known && !older {
		if len(c.seen) >= seenDocuments {
			clear(c.seen)
		}
		c.seen[hash] = struct{}{}
		return
	}
	if len(c.recent) >= cachedDocuments || c.size+weight > cachedBytes {
		c.older, c.recent, c.size = c.recent, map[string]*simulatedDocument{}, 0
	}
	c.recent[string(key)] = d
	c.size += weight
}

func newSimulatedDocument(kind policy.Kind, label, text string) *simulatedDocument {
	// The cache must not keep the line alive that the text is a part of.
	label, text = strings.Clone(label), strings.Clone(text)
	doc, findings := policy.Parse(kind, "policies."+label, []byte(text))
	if doc == nil && kind == policy.RCP {
		doc = fullAccessRCP(label, text)
	}
	if doc == nil {
		d := &simulatedDocument{}
		for _, f := range findings {
			if f.Severity == policy.Error && len(d.rejected) < maxProblems {
				d.rejected = append(d.rejected, shortened(f.String()))
			}
		}
		return d
	}
	doc.Name = label
	return &simulatedDocument{compiled: authz.Compile(doc), readings: readingsOf(doc)}
}

// fullAccessRCP reads the resource control policy that AWS attaches everywhere,
// RCPFullAWSAccess, the only one that allows; nil if the text is another one.
func fullAccessRCP(label, text string) *policy.Document {
	doc, _ := policy.Parse(policy.Resource, "policies."+label, []byte(text))
	if doc == nil || doc.Version != policy.Version2012 || len(doc.Statements) != 1 {
		return nil
	}
	s := &doc.Statements[0]
	everything := func(values []policy.Value) bool { return len(values) == 1 && values[0].Text == "*" }
	if s.Effect != policy.Allow || len(s.Conditions) > 0 || !everything(s.Actions) || !everything(s.Resources) ||
		len(s.Principals) != 1 || s.Principals[0].Value != policy.Everyone {
		return nil
	}
	doc.Kind = policy.RCP
	return doc
}
