// Package process builds the programs that the end-to-end tests and the demo
// use, and runs them as processes of their own: started in a process group,
// their output kept, ended with the process that started them.
package process
