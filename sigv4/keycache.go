package sigv4

import (
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

// deriveKey computes the signing key of a scope.
func deriveKey(s secret.Value, date, region, service string) *signingKey {
	w := newScratch()
	key := new(signingKey)
	w.toSign = append(append(w.toSign[:0], "AWS4"...), s.Reveal()...)
	key.set(w.toSign)
	clear(w.toSign)
	for _, part := range [...]string{date, region, service, scopeTerminator} {
		w.toSign = append(w.toSign[:0], part...)
		w.sum = key.sum(w.hash, w.toSign, w.sum)
		key.set(w.sum)
	}
	clear(w.sum)
	w.release()
	return key
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

// cachedKey is an entry of a keyCache. It is immutable.
type cachedKey[K any] struct {
	// credential is the credential with its scope, as on the wire:
	// access key id, date, region, service; or see appendKeyName.
	credential string
	version    uint64
	// secret is what the key was derived from, where no version tells.
	secret secret.Value
	key    K
}

const (
	cacheWays         = 8
	defaultKeyEntries = 4096
)

// keyCache remembers derived keys. It is a table of fixed size in which
// an entry has eight places; readers take no lock and write nothing, a writer
// replaces one place. Entries are lost when places are short, never wrong.
type keyCache[K any] struct {
	seed   maphash.Seed
	sets   uint64 // a power of two
	places []atomic.Pointer[cachedKey[K]]
	victim atomic.Uint64
}

func newKeyCache[K any](entries int) *keyCache[K] {
	if entries <= 0 {
		entries = defaultKeyEntries
	}
	sets := 1
	for sets*cacheWays < entries {
		sets *= 2
	}
	return &keyCache[K]{
		seed:   maphash.MakeSeed(),
		sets:   uint64(sets),
		places: make([]atomic.Pointer[cachedKey[K]], sets*cacheWays),
	}
}

// set is the places where an entry can be.
func (c *keyCache[K]) set(credential []byte) []atomic.Pointer[cachedKey[K]] {
	first := (maphash.Bytes(c.seed, credential) & (c.sets - 1)) * cacheWays
	return c.places[first : first+cacheWays]
}

// find returns the entry of a credential and version, or nil.
func (c *keyCache[K]) find(credential []byte, version uint64) *cachedKey[K] {
	set := c.set(credential)
	for i := range set {
		if e := set[i].Load(); e != nil && e.version == version && e.credential == string(credential) {
			return e
		}
	}
	return nil
}

// add remembers an entry in the place of one with the same credential, of
// none, or of another.
func (c *keyCache[K]) add(e *cachedKey[K]) {
	set := c.set([]byte(e.credential))
	free := -1
	for i := range set {
		old := set[i].Load()
		if old != nil && old.credential == e.credential {
			set[i].Store(e)
			return
		}
		if old == nil && free < 0 {
			free = i
		}
	}
	if free < 0 {
		free = int(c.victim.Add(1) % cacheWays)
	}
	set[free].Store(e)
}
