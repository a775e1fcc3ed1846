package extauthz

// Allowed is allowed.
var Allowed = allowed
