package tcp

// Sight is what Peek saw.
type Sight uint8

// What there can be on a connection.
const (
	// Unknown: this platform or this kind of connection does not tell.
	Unknown Sight = iota
	// Nothing: the connection is open, and a read would wait.
	Nothing
	// Bytes were received.
	Bytes
	// LastBytes were received, and the other side sends no more; only on Linux.
	LastBytes
	// End: the other side has ended the connection, or its own direction of it.
	End
)
