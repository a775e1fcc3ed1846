package wrk

// Parse is parse.
var Parse = parse
