//go:build unix

package conformance

// ParseReasons is parseReasons.
var ParseReasons = parseReasons

// ReadTranscript reads what the suite printed.
func ReadTranscript(text string, whole bool) (Verdicts, error) {
	var t transcript
	if _, err := t.Write([]byte(text)); err != nil {
		return nil, err
	}
	return t.verdicts(whole)
}
