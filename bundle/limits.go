package bundle

// What a bundle may amount to: far above what accounts need, far below what
// would hurt the process that reads it.
const (
	// maxFile bounds one file, in bytes; the largest documents AWS itself has
	// are managed policies of some 100 KiB.
	maxFile = 1 << 20
	// maxTotal bounds all files together, maxFiles their number and maxDepth
	// how deep directories nest (the layout needs five).
	maxTotal = 256 << 20
	maxFiles = 200_000
	maxDepth = 8
	// maxEntity bounds the YAML of one user, group, role or policy, maxSettings
	// bundle.yaml, maxKeyFile a key file (some 40,000 keys).
	maxEntity   = 64 << 10
	maxSettings = 1 << 20
	maxKeyFile  = 8 << 20
	// maxUnindexed bounds the statements attached to one principal, or of the
	// policy of one bucket or role, that every decision looks at, whatever it is
	// about. Each costs some 0.1 µs, and more if it has conditions; AWS's limits
	// allow for thousands.
	maxUnindexed = 100
	// maxSearches bounds what the patterns of the same policies may search a
	// name for. Each search costs 0.1 µs at worst, so that all take no more
	// than 1 ms; AWS's limits allow for some millions.
	maxSearches = 10_000
	// maxReported bounds the findings that an error lists, for logs and status.
	maxReported = 20
)
