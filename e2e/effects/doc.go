// Package effects holds that what the store does is what Sallyport decided: raw
// requests of many shapes go through Sallyport to a real store, as callers who may
// do everything. What changed on the store's disk, and what of others' data an
// answer tells, must each be covered by an access that the audit record names.
package effects
