package fleet

// What releases are built with.
const (
	ReleaseVariable = releaseVariable
	ReleaseFlags    = releaseFlags
	StrippedFlags   = strippedFlags
)
