// Package cgroup gives a node a control group of its own in every hierarchy of the machine, whether
// the machine has cgroup v2, v1, or both.
package cgroup

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Root is where the hierarchies are mounted.
const Root = "/sys/fs/cgroup"

// Hierarchy is one mounted cgroup hierarchy.
type Hierarchy struct {
	Mount       string
	V2          bool
	Controllers []string // v1 only; a named hierarchy has one like "name=systemd"
}

// Host returns the hierarchies of this machine.
func Host() ([]Hierarchy, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hierarchies, err := parse(file)
	if err == nil && len(hierarchies) == 0 {
		err = fmt.Errorf("no control groups are mounted under %s; mount cgroup2 there", Root)
	}
	return hierarchies, err
}

// Unified says that there is nothing but cgroup v2.
func Unified(hierarchies []Hierarchy) bool {
	return len(hierarchies) == 1 && hierarchies[0].V2
}

// parse reads mountinfo lines: `ID PARENT DEV ROOT MOUNT OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS`.
func parse(mountinfo io.Reader) ([]Hierarchy, error) {
	var found []Hierarchy
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		mount, filesystem := strings.Fields(before), strings.Fields(after)
		if !ok || len(mount) < 5 || len(filesystem) < 3 || !underRoot(mount[4]) {
			continue
		}
		switch filesystem[0] {
		case "cgroup2":
			found = append(found, Hierarchy{Mount: mount[4], V2: true})
		case "cgroup":
			found = append(found, Hierarchy{Mount: mount[4], Controllers: controllers(filesystem[2])})
		}
	}
	return found, lines.Err()
}

func underRoot(mount string) bool {
	return mount == Root || filepath.Dir(mount) == Root
}

// controllers picks a v1 hierarchy's controllers out of its mount options.
func controllers(options string) []string {
	notControllers := []string{"rw", "ro", "xattr", "noprefix", "clone_children", "seclabel"}
	return slices.DeleteFunc(strings.Split(options, ","), func(option string) bool {
		return slices.Contains(notControllers, option) || strings.HasPrefix(option, "release_agent=")
	})
}
