package sigv4

// EscapePath is the path of a decoded one, such as an object's key, as AWS
// encodes it: all but letters, digits, "-", ".", "_", "~" and slashes is
// percent-encoded.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func EscapePath(path string) string {
	return string(appendEscaped(make([]byte, 0, len(path)+8), path, true))
}

// EscapeParam is the name or the value of a query parameter as AWS encodes it:
// as EscapePath does, slashes included.
func EscapeParam(text string) string {
	return string(appendEscaped(make([]byte, 0, len(text)+8), text, false))
}
