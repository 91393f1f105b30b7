/* The page's behaviour, module by module. Each listens on the document, so that swapped fragments need no set-up. */
