package authz

import (
	"hash/maphash"
	"math"
	"sync/atomic"
)

// prepared is what every decision reads of a caller, found or made, side by side: of
// most callers of many nothing is in the processor's caches when their turn comes, and
// what follows from their policies stands elsewhere.
type prepared struct {
	// of is the caller that this belongs to: a copy of it is another one, which may
	// have been changed, and is not prepared.
	of *Caller
	// number is one that no other caller of the process has or gets.
	number uint64
	// name is the hash of the ARN.
	name uint64
	// reads is what the policies read, if those of one layer do at most; several is
	// set if more do, or might.
	reads   *layerReads
	several bool
	// most is the sum of what looking through the policies can cost.
	most int32
}

// lastCaller is the number that was given last.
var lastCaller atomic.Uint64

// nameSeed keeps hashes of names from being known outside of the process.
var nameSeed = maphash.MakeSeed()

// Prepare makes decisions about the caller quicker to find: by a number instead of
// all that the caller is. It is for one that comes back as the same Caller, and must
// not be changed afterwards, nor its Keys. A copy of it may be, for that is not
// prepared.
func (c *Caller) Prepare() {
	p := prepared{of: c, number: lastCaller.Add(1), name: maphash.String(nameSeed, c.ARN)}
	p.add(c.Identity)
	p.add(c.Boundary)
	p.add(c.Session)
	for _, level := range c.SCP {
		p.add(level)
	}
	p.several = p.several || fixedLayers+len(c.SCP) > mostLayers
	c.prepared = p
}

func (p *prepared) add(layer *Policies) {
	p.most = int32(min(int(p.most)+layer.most(), math.MaxInt32))
	if layer == nil || layer.reads == nil {
		return
	}
	p.several = p.several || p.reads != nil
	p.reads = layer.reads
}

// ready tells whether the caller is prepared.
func (c *Caller) ready() bool { return c.prepared.of == c }

// NameHash is a number that follows from the ARN, for as long as the process lives.
// Another ARN may have the same.
func (c *Caller) NameHash() uint64 {
	if c.ready() {
		return c.prepared.name
	}
	return maphash.String(nameSeed, c.ARN)
}
