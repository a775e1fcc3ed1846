package wire

// Refusal says why a request is not let through, in AWS's words: what any
// stage returns instead of letting a request pass. The room wire/refusal
// renders it in the client's protocol. A Refusal is an error.
//
// Codes are Amazon S3's where S3 has one; the renderer translates them for
// other protocols.
type Refusal struct {
	// Status is the HTTP status for S3.
	Status int
	// Code is AWS's error code, e.g. "AccessDenied".
	Code string
	// Message is the sentence for the client. It names no secret and nothing
	// that the client does not know or may not know.
	Message string
	// Detail are further elements of the error document, in order.
	Detail []Element
	// Fields are further header fields of the answer, e.g. "allow".
	Fields Fields
	// Retryable tells that the same request may succeed later.
	Retryable bool
	// Close tells that the client's connection cannot be used again.
	Close bool
	// Cause is for the operator's log: what happened here. No secrets.
	Cause string
}

// Element is a named text of an error document.
type Element struct{ Name, Value string }

// Error is the code and the message.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Unavailable is the retryable refusal for what Sallyport itself could not do:
// no bundle yet, a store that does not answer. cause goes to the log alone.
func Unavailable(cause string) *Refusal {
	return &Refusal{
		Status:    503,
		Code:      "ServiceUnavailable",
		Message:   "Service is unable to handle request.",
		Retryable: true,
		Cause:     cause,
	}
}
