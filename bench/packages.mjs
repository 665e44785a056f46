/** Real files, as npm serves them; small packages first, so that a small tree needs few of them. */
export const PACKAGES = [
  'rxjs@7.8.1',
  'lodash@4.17.21',
  'date-fns@4.1.0',
  'core-js@3.38.0',
  'typescript@5.6.2',
  'three@0.168.0',
  '@babel/core@7.25.2',
  '@babel/types@7.25.6',
  '@babel/traverse@7.25.6',
  'lodash-es@4.17.21',
  'ramda@0.30.1',
  'antd@5.20.6',
  'element-plus@2.8.3',
  'aws-cdk-lib@2.158.0',
  '@mui/material@5.16.7',
  '@mui/icons-material@5.15.0',
  '@fluentui/react-icons@2.0.258',
  '@carbon/icons-react@11.49.0',
]

/** Each version is a commit of the tree with history; a package that has fewer stays at its last one. */
export const HISTORY = [
  {
    name: 'rxjs',
    versions: ['7.3.0', '7.4.0', '7.5.0', '7.5.5', '7.6.0', '7.7.0', '7.8.0', '7.8.1'],
  },
  {
    name: 'core-js',
    versions: ['3.31.0', '3.32.0', '3.33.0', '3.34.0', '3.35.0', '3.36.0', '3.37.0', '3.38.0'],
  },
  {
    name: 'date-fns',
    versions: ['2.26.0', '2.27.0', '2.28.0', '2.29.0', '2.30.0', '3.0.0', '3.6.0', '4.1.0'],
  },
]
