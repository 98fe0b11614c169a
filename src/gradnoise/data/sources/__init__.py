"""Where samples come from: files of arrays, collections of images, public sets, synthetic laws, what ships with this.

Each gives a `Source`. May import: what `data` may; its `samples`, `entry`, `settings`, `normalisation` and `checksums`.
"""
