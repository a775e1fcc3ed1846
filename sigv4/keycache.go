package sigv4

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"hash/maphash"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/secret"
)

const blockSize = sha256.BlockSize

// signingKey is a derived signing key, prepared for HMAC-SHA256: the key
// combined with the two pads. It is immutable.
type signingKey struct{ inner, outer [blockSize]byte }

// derive makes it the signing key of a scope.
func (k *signingKey) derive(s secret.Value, date, region, service string) {
	w := newScratch()
	w.toSign = append(append(w.toSign[:0], "AWS4"...), s.Reveal()...)
	k.set(w.toSign)
	clear(w.toSign)
	for _, part := range [...]string{date, region, service, scopeTerminator} {
		w.toSign = append(w.toSign[:0], part...)
		w.sum = k.sum(w.hash, w.toSign, w.sum)
		k.set(w.sum)
	}
	clear(w.sum)
	w.release()
}

// set makes it the key of an HMAC (RFC 2104).
func (k *signingKey) set(key []byte) {
	if len(key) > blockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	*k = signingKey{}
	copy(k.inner[:], key)
	copy(k.outer[:], key)
	for i := range blockSize {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
}

// sum is HMAC-SHA256 of text with h, a SHA-256, as working space: unlike
// crypto/hmac it allocates nothing per key.
func (k *signingKey) sum(h hash.Hash, text []byte, into []byte) []byte {
	h.Reset()
	h.Write(k.inner[:])
	h.Write(text)
	into = h.Sum(into[:0])
	h.Reset()
	h.Write(k.outer[:])
	h.Write(into)
	return h.Sum(into[:0])
}

// cachedKey is an entry of a keyCache. It is immutable once it is added.
//
// Its parts stand side by side, in the order in which a verifier reads them: of a key
// that was not used for a while none is in the processor's caches, and what is in one
// place is there sooner than what is in four.
type cachedKey struct {
	// name is the credential with its scope, as on the wire: access key id, date,
	// region, service; or see appendKeyName.
	name    []byte
	version uint64
	// verifying is what a verifier compares with.
	verifying verifyingKey
	// text is room for a name of usual length, signing the key of SigV4, if it is one.
	text    [80]byte
	signing signingKey
	// secret is what the key was derived from, where no version tells, and credential
	// the name where it is to be written.
	secret     secret.Value
	credential string
}

// named gives the entry its name.
func (e *cachedKey) named(name []byte) { e.name = append(e.text[:0], name...) }

const (
	cacheWays         = 8
	defaultKeyEntries = 4096
)

// keyCache remembers derived keys. It is a table of fixed size in which
// an entry has eight places, of which it takes the first one that is free, from one
// on that its name tells; readers take no lock and write nothing, a writer
// replaces one place. Entries are lost when places are short, never wrong.
type keyCache struct {
	seed   maphash.Seed
	sets   uint64 // a power of two
	places []atomic.Pointer[cachedKey]
	victim atomic.Uint64
}

func newKeyCache(entries int) *keyCache {
	if entries <= 0 {
		entries = defaultKeyEntries
	}
	sets := 1
	for sets*cacheWays < entries {
		sets *= 2
	}
	return &keyCache{
		seed:   maphash.MakeSeed(),
		sets:   uint64(sets),
		places: make([]atomic.Pointer[cachedKey], sets*cacheWays),
	}
}

// set is the places where an entry can be, and the number of the one that is looked
// at first.
func (c *keyCache) set(name []byte) (set []atomic.Pointer[cachedKey], first uint64) {
	hash := maphash.Bytes(c.seed, name)
	at := (hash & (c.sets - 1)) * cacheWays
	return c.places[at : at+cacheWays], hash >> 32
}

// find returns the entry of a name and version, or nil.
func (c *keyCache) find(name []byte, version uint64) *cachedKey {
	set, first := c.set(name)
	for i := range uint64(cacheWays) {
		if e := set[(first+i)%cacheWays].Load(); e != nil && e.version == version && bytes.Equal(e.name, name) {
			return e
		}
	}
	return nil
}

// add remembers an entry in the place of one with the same name, of none, or of
// another.
func (c *keyCache) add(e *cachedKey) {
	set, first := c.set(e.name)
	var free *atomic.Pointer[cachedKey]
	for i := range uint64(cacheWays) {
		place := &set[(first+i)%cacheWays]
		old := place.Load()
		if old != nil && bytes.Equal(old.name, e.name) {
			place.Store(e)
			return
		}
		if old == nil && free == nil {
			free = place
		}
	}
	if free == nil {
		free = &set[c.victim.Add(1)%cacheWays]
	}
	free.Store(e)
}
