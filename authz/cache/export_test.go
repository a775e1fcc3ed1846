package cache

// NewMasked makes a cache that uses the masked bits of its hash alone.
var NewMasked = newCache
