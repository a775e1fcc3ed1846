package tcp

import "net"

// Passer is a body whose bytes can go from its connection straight to another,
// without passing through the program: PassTo moves up to most of them, in
// steps, before each of which it calls allow to give the other side its time.
// What it does not move, such as what was received already, is there to be read.
// An error of the other side is a *WriteError.
type Passer interface {
	PassTo(to *net.TCPConn, most int64, allow func()) (int64, error)
}

// WriteError tells that the side to which bytes were moved did not take them.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "moving bytes on: " + e.Err.Error() }

// Unwrap is what the connection said.
func (e *WriteError) Unwrap() error { return e.Err }
